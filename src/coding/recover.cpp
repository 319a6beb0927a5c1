#include "bitlaw/coding/recover.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "archive_search.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/coding/method_table.hpp"
#include "bitlaw/predict/reset.hpp"
#include "block_restorer.hpp"
#include "block_search.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;

namespace {

constexpr const char* kHeaderLost =
    "the archive's header is damaged, and how it mixes or learns stood only there";

// Writes parts one after the other, and notes them.
class Result {
   public:
    Result(Recovery& recovery, const ByteSink& sink) : recovery_(recovery), sink_(sink) {}
    void restored(std::uint64_t number, ByteSpan plain) {
        sink_(plain);
        note({.bytes = plain.size(), .first_block = number, .blocks = 1});
        recovery_.restored_bytes += plain.size();
    }
    void missing(RecoveredPart part) {
        constexpr std::size_t kPiece = std::size_t{1} << 16;
        static const Bytes zeros(kPiece, 0);
        for (std::uint64_t left = part.bytes; left > 0;) {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece));
            sink_(ByteSpan(zeros).first(count));
            left -= count;
        }
        part.missing = true;
        recovery_.missing_bytes += part.bytes;
        note(std::move(part));
    }
    void begin_archive() { recovery_.archives += 1; }
    [[nodiscard]] std::uint64_t position() const { return position_; }

   private:
    void note(RecoveredPart part) {
        part.archive = recovery_.archives - 1;
        part.begin = position_;
        position_ += part.bytes;
        RecoveredPart* const last = recovery_.parts.empty() ? nullptr : &recovery_.parts.back();
        if (last != nullptr && last->missing == part.missing && last->archive == part.archive &&
            last->length == part.length && last->why == part.why &&
            last->first_block + last->blocks == part.first_block) {
            last->bytes += part.bytes;
            last->blocks += part.blocks;
        } else {
            recovery_.parts.push_back(std::move(part));
        }
    }

    Recovery& recovery_;
    const ByteSink& sink_;
    std::uint64_t position_ = 0;
};

// One archive of the file.
class ArchiveRecovery {
   public:
    ArchiveRecovery(const ModelFinder& find, const StoredModel* stand_in, ByteSpan file,
                    const ArchiveRemains& remains)
        : find_(find), file_(file), remains_(remains) {
        choose_header(stand_in);
        choose_blocks();
    }

    [[nodiscard]] bool holds_something() const {
        return remains_.header || remains_.index || !blocks_.empty();
    }

    void run(Result& result, const CodecProgress& progress) {
        result.begin_archive();
        const std::uint64_t begin = result.position();
        std::uint64_t number = 0;
        for (const WholeBlock& block : blocks_) {
            lose(result, number, block.number);
            restore(result, block, result.position() - begin);
            number = block.number + 1;
            if (progress) {
                progress(result.position(), block.begin + block.bytes);
            }
        }
        if (remains_.index) {
            lose(result, number, remains_.index->blocks.size());
        } else {
            lose_end(result, number);
        }
    }

   private:
    // ---- what there is

    void choose_header(const StoredModel* stand_in) {
        if (remains_.header) {
            header_ = remains_.header->header;
            model_begin_ = remains_.begin + remains_.header->bytes;
            take_model();
            const Method* own = find_method(methods(), header_.method, header_.version);
            chained_ = header_.version >= 2 && own != nullptr && own->chained;
            return;
        }
        // The header is damaged. Its version decides how blocks read; of format 2 nothing else can be known.
        const auto version_place = static_cast<std::size_t>(remains_.begin + kArchiveMagic.size());
        const bool is_second = version_place < file_.size() && file_[version_place] == 2;
        header_ = free_header(is_second ? 2 : 1);
        model_begin_ = remains_.begin;
        why_lost_ = is_second ? kHeaderLost : "the archive's header is damaged";
        if (!is_second && stand_in != nullptr) {
            header_.model_id = stand_in->id;
            header_.reset_every = default_reset(stand_in->model.config);
            why_lost_.clear();
        } else if (!is_second) {
            why_lost_ += ": name the model with -m";
        }
    }

    // The embedded model, if it is whole.
    void take_model() {
        if (header_.model_bytes == 0) {
            return;
        }
        if (header_.model_bytes <= remains_.end - model_begin_) {
            const ByteSpan bytes = file_.subspan(static_cast<std::size_t>(model_begin_),
                                                 static_cast<std::size_t>(header_.model_bytes));
            try {
                (void)decode_model(bytes, "the model inside the archive");
                model_ = bytes;
                return;
            } catch (const Error&) {
                // Damaged: perhaps the same model lies somewhere else.
            }
        }
        model_is_damaged_ = true;
    }

    void choose_blocks() {
        const ArchiveIndex* const index = remains_.index ? &*remains_.index : nullptr;
        std::uint64_t first = model_begin_ + (model_is_damaged_ ? 0 : header_.model_bytes);
        if (index != nullptr && model_is_damaged_) {
            first = index->first_block;
        }
        first = std::min(first, remains_.end);
        blocks_ = find_blocks(file_, first, remains_.end, header_.version, index);
        if (!remains_.header && blocks_.empty()) {
            // The version stood in what is damaged.
            header_ = free_header(header_.version == 1 ? 2 : 1);
            blocks_ = find_blocks(file_, first, remains_.end, header_.version, index);
            if (header_.version == 2) {
                why_lost_ = kHeaderLost;
            }
        }
        for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) {
            usual_bytes_ = std::max(usual_bytes_, blocks_[i].header.plain_bytes);
        }
    }

    // ---- what becomes of it

    // Blocks from .. to-1 were not found.
    void lose(Result& result, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t number = from; number < to; ++number) {
            RecoveredPart gap{.first_block = number, .blocks = 1, .why = "damaged"};
            if (remains_.index) {
                gap.bytes = remains_.index->blocks[static_cast<std::size_t>(number)].plain_bytes;
            } else {
                // Without chains all blocks but the last have one length. A header that is damaged is the
                // last thing to believe.
                const bool even = usual_bytes_ > 0 && header_.chain == 0;
                const std::uint64_t bytes = even ? usual_bytes_ : own_length(number).value_or(usual_bytes_);
                gap.bytes = bytes;
                gap.length = bytes > 0 ? GapLength::likely : GapLength::unknown;
            }
            lose(result, std::move(gap));
        }
    }

    void lose(Result& result, RecoveredPart gap) {
        intact_ = false;
        places_known_ = places_known_ && gap.length == GapLength::exact;
        result.missing(std::move(gap));
    }

    // The length that a damaged block has by its own header, when that stands where the block must begin and
    // leads to the next whole block.
    [[nodiscard]] std::optional<std::uint64_t> own_length(std::uint64_t number) const {
        std::uint64_t place = model_begin_ + model_.size();
        for (const WholeBlock& block : blocks_) {
            if (block.number == number + 1) {
                const auto read = header_at(place);
                return read && place + read->block_bytes() == block.begin
                           ? std::optional(read->header.plain_bytes)
                           : std::nullopt;
            }
            place = block.begin + block.bytes;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<ReadHeader> header_at(std::uint64_t place) const {
        return place < remains_.end
                   ? read_block_header(file_.subspan(static_cast<std::size_t>(place),
                                                     static_cast<std::size_t>(remains_.end - place)),
                                       header_.version)
                   : std::nullopt;
    }

    // Without an index nobody knows what came last, unless a damaged index of the right length follows.
    void lose_end(Result& result, std::uint64_t number) {
        std::uint64_t place = model_begin_ + model_.size();
        std::vector<IndexEntry> found;
        for (const WholeBlock& block : blocks_) {
            found.push_back({block.bytes, block.header.plain_bytes});
            place = block.begin + block.bytes;
        }
        if (number == blocks_.size() && remains_.end - place == trailer_bytes(found).size()) {
            return;
        }
        if (const auto read = header_at(place)) {
            lose(result, {.bytes = read->header.plain_bytes,
                          .length = GapLength::likely,
                          .first_block = number,
                          .blocks = 1,
                          .why = "damaged or cut off"});
            number += 1;
        }
        lose(result, {.length = GapLength::unknown,
                      .first_block = number,
                      .why = "the end of the archive is damaged or missing"});
    }

    void restore(Result& result, const WholeBlock& block, std::uint64_t position) {
        if (chained_ && header_.chain > 0 && places_known_ && position % header_.chain == 0) {
            intact_ = true;  // a new chain
        }
        const bool is_chained = chained_ && block.header.method == header_.method;
        std::string why;
        Bytes plain;
        if (is_chained && !intact_) {
            why = "whole, but it needs the blocks before it in its chain";
        } else if (!why_lost_.empty() && block.header.method != kStored &&
                   block.header.method != kSevenContexts) {
            why = why_lost_;
        } else {
            try {
                const bool alone = !is_chained && chained_ && !intact_;
                plain = restorer(alone).restore(block, position);
            } catch (const Error& error) {
                if (own_ && own_->model_failure() && !model_is_damaged_) {
                    std::rethrow_exception(own_->model_failure());
                }
                why = own_ && own_->model_failure()
                          ? "whole, but the model inside the archive is damaged: name another copy with -m"
                          : error.what();
            }
        }
        if (why.empty()) {
            result.restored(block.number, plain);
        } else {
            lose(result, {.bytes = block.header.plain_bytes,
                          .first_block = block.number,
                          .blocks = 1,
                          .why = std::move(why)});
        }
    }

    // `alone`: for blocks that need nothing, where the archive's chain is broken.
    BlockRestorer& restorer(bool alone) {
        std::unique_ptr<BlockRestorer>& wanted = alone ? alone_ : own_;
        if (!wanted) {
            wanted = alone ? std::make_unique<BlockRestorer>(find_, file_, free_header(header_.version),
                                                             ByteSpan{})
                           : std::make_unique<BlockRestorer>(find_, file_, header_, model_);
        }
        return *wanted;
    }

    const ModelFinder& find_;
    ByteSpan file_;
    const ArchiveRemains& remains_;
    ArchiveHeader header_;
    std::uint64_t model_begin_ = 0;
    ByteSpan model_;  // embedded; empty: none that is whole
    bool model_is_damaged_ = false;
    bool chained_ = false;
    std::string why_lost_;  // blocks that need more than themselves
    std::vector<WholeBlock> blocks_;
    std::uint64_t usual_bytes_ = 0;  // plain bytes of a block that is not the last; 0: not known
    bool intact_ = true;             // all blocks of this chain until now
    bool places_known_ = true;
    std::unique_ptr<BlockRestorer> own_;
    std::unique_ptr<BlockRestorer> alone_;
};

}  // namespace

bool Recovery::complete() const {
    return foreign_bytes == 0 &&
           std::none_of(parts.begin(), parts.end(), [](const RecoveredPart& part) { return part.missing; });
}

Recovery recover(const ModelFinder& find, const StoredModel* stand_in, ByteSpan file, const ByteSink& sink,
                 const CodecProgress& progress) {
    const FloatStateGuard guard;
    Recovery recovery;
    Result result(recovery, sink);
    const std::vector<ArchiveRemains> archives = find_archives(file);
    for (const ArchiveRemains& remains : archives) {
        ArchiveRecovery archive(find, stand_in, file, remains);
        if (archive.holds_something()) {
            archive.run(result, progress);
        } else {
            recovery.foreign_bytes += remains.end - remains.begin;
        }
    }
    if (recovery.archives == 0) {
        fail(
            "there is no header, no block and no index of an archive in it; check that it is the file you "
            "mean");
    }
    return recovery;
}

}  // namespace bitlaw::coding
