#include "bitlaw/coding/restore.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/predict/reset.hpp"
#include "method_chain.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;

namespace {

// What the header says of the stack; format 1 is a model's network and nothing else.
Stack stack_of(const ArchiveReader& reader) {
    const ArchiveHeader& header = reader.header();
    if (header.version < 2) {
        return {.source = NetworkSource::model};
    }
    try {
        Stack stack = decode_stack(header.stack);
        if (stack.source != NetworkSource::model && (header.model_id != 0 || header.model_bytes != 0)) {
            fail("it names a model that its stack does not have");
        }
        return stack;
    } catch (const Error& error) {
        reader.damaged(error.what());
    }
}

// The model that an archive needs: the embedded one, or the finder's when the first block asks for it.
class ArchiveModel {
   public:
    ArchiveModel(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice)
        : find_(find), reader_(reader), notice_(notice), stack_(stack_of(reader)) {
        const ArchiveHeader& header = reader.header();
        if (header.arithmetic_version != kArithmeticVersion) {
            fail("the archive was made with arithmetic version ", header.arithmetic_version,
                 ", and this program computes version ", kArithmeticVersion, "; use the bitlaw that made it");
        }
        if (header.model_bytes > 0) {
            embedded_.emplace(decode_model(reader.model(), "the model inside the archive"));
            check_id(*embedded_, "; it is damaged, so get it again");
        }
    }

    [[nodiscard]] const StoredModel& stored() {
        if (stored_ == nullptr) {
            const StoredModel& model = source();
            try {
                check_reset(model.model.config, reader_.header().reset_every);
            } catch (const Error& error) {
                reader_.damaged(error.what());
            }
            stored_ = &model;
            if (notice_) {
                notice_(model.model.config);
            }
        }
        return *stored_;
    }

    [[nodiscard]] const Stack& stack() const { return stack_; }

    [[nodiscard]] const PackedModel& packed() {
        if (!packed_) {
            packed_.emplace(stored().model, PackFor::inference);
        }
        return *packed_;
    }

   private:
    [[nodiscard]] const StoredModel& source() {
        if (stack_.source == NetworkSource::none) {
            reader_.damaged("a block needs a model, and the header names none");
        }
        if (stack_.source == NetworkSource::seed) {
            return embedded_.emplace(fresh_network(stack_));
        }
        const StoredModel& model = embedded_ ? *embedded_ : find_(reader_.header().model_id);
        check_id(model, "; name the right one");
        return model;
    }

    void check_id(const StoredModel& model, const char* advice) const {
        if (model.id != reader_.header().model_id) {
            fail("the archive needs model ", hex64(reader_.header().model_id), ", and the model ",
                 embedded_ ? "inside it" : "given", " is ", hex64(model.id), advice);
        }
    }

    const ModelFinder& find_;
    ArchiveReader& reader_;
    const ModelNotice& notice_;
    Stack stack_;
    std::optional<StoredModel> embedded_;  // or drawn from the stack's seed
    const StoredModel* stored_ = nullptr;
    std::optional<PackedModel> packed_;
};

// What the header says of its methods.
MethodContext context_of(ArchiveModel& model, const ArchiveReader& reader) {
    return {.model = [&model]() -> const StoredModel& { return model.stored(); },
            .packed = [&model]() -> const PackedModel& { return model.packed(); },
            .reset_every = reader.header().reset_every,
            .streams = reader.header().streams == 0 ? std::nullopt
                                                    : std::optional<std::size_t>(reader.header().streams),
            .stack = model.stack()};
}

// Reads the next block's header and has its method look at it. False at the end.
bool next_block(ArchiveReader& reader, std::span<const Method> table, BlockHeader& header) {
    if (!reader.next_block(header)) {
        return false;
    }
    const ArchiveHeader& archive = reader.header();
    const Method* method = find_method(table, header.method, archive.version);
    if (method == nullptr) {
        reader.damaged(text_of("its method is ", int{header.method},
                               ", which this program does not know; perhaps a newer bitlaw made it"));
    }
    if (method->chained && header.method != archive.method) {
        reader.damaged(text_of(method->name, " is not the archive's own method"));
    }
    const std::string fault = method->fault(header);
    if (!fault.empty()) {
        reader.damaged(fault);
    }
    return true;
}

std::vector<ByteSpan> cut(ByteSpan payload, const BlockHeader& header) {
    if (header.method == kStored) {
        return {payload};
    }
    std::vector<ByteSpan> streams;
    std::size_t begin = 0;
    for (const std::uint64_t bytes : header.stream_bytes) {
        streams.push_back(payload.subspan(begin, static_cast<std::size_t>(bytes)));
        begin += streams.back().size();
    }
    return streams;
}

// Decodes the blocks of one archive, in order.
class Decoder {
   public:
    Decoder(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice,
            std::span<const Method> table, const CodecProgress& progress)
        : reader_(reader),
          table_(table),
          progress_(progress),
          model_(find, reader, notice),
          chain_(table, reader.header(), context_of(model_, reader)) {}

    [[nodiscard]] const MethodChain& chain() const { return chain_; }

    // The plain bytes of the next block, which begins at byte `position` of all, their hash verified; nothing
    // at the end. `plain_before`: for the progress.
    std::optional<Bytes> next(BlockHeader& header, std::uint64_t position, std::uint64_t plain_before) {
        if (!next_block(reader_, table_, header)) {
            return {};
        }
        const Bytes payload = reader_.payload();
        Bytes plain(static_cast<std::size_t>(header.plain_bytes));
        chain_.begin_block(position);
        chain_.coder(header.method)
            .decode(header, cut(payload, header), plain,
                    within(progress_, plain_before, reader_.position() - payload.size()));
        if (hash64(plain) != header.plain_hash) {
            reader_.damaged("the block's bytes were restored but their hash does not match");
        }
        chain_.end_block(header.method == reader_.header().method, plain);
        return plain;
    }

   private:
    ArchiveReader& reader_;
    std::span<const Method> table_;
    const CodecProgress& progress_;
    ArchiveModel model_;
    MethodChain chain_;
};

}  // namespace

std::uint64_t CodecSummary::fallback_blocks() const {
    std::uint64_t count = 0;
    for (const Method& method : methods()) {
        count += method.is_fallback ? blocks_of(method.id) : 0;
    }
    return count;
}

std::uint64_t CodecSummary::blocks_of(MethodId method) const {
    const auto found = blocks_by_method.find(method);
    return found == blocks_by_method.end() ? 0 : found->second;
}

CodecSummary& CodecSummary::operator+=(const CodecSummary& other) {
    plain_bytes += other.plain_bytes;
    archive_bytes += other.archive_bytes;
    model_bytes += other.model_bytes;
    blocks += other.blocks;
    for (const auto& [method, count] : other.blocks_by_method) {
        blocks_by_method[method] += count;
    }
    streams += other.streams;
    replayed_bytes += other.replayed_bytes;
    return *this;
}

void count_block(CodecSummary& summary, const BlockHeader& header) {
    summary.plain_bytes += header.plain_bytes;
    summary.blocks += 1;
    summary.blocks_by_method[header.method] += 1;
    summary.streams += header.stream_bytes.size();
}

CodecSummary decompress(const ModelFinder& find, const ByteSource& source, const ByteSink& sink,
                        const CodecProgress& progress, const ModelNotice& notice,
                        std::span<const Method> table) {
    const FloatStateGuard guard;
    ArchiveReader reader(source);
    Decoder decoder(find, reader, notice, table, progress);
    CodecSummary summary;
    summary.model_bytes = reader.header().model_bytes;
    BlockHeader header;
    while (const auto plain = decoder.next(header, summary.plain_bytes, summary.plain_bytes)) {
        sink(*plain);
        count_block(summary, header);
        if (progress) {
            progress(summary.plain_bytes, reader.position());
        }
    }
    summary.archive_bytes = reader.position();
    return summary;
}

CodecSummary decompress_range(const ModelFinder& find, const SeekableSource& archive, std::uint64_t begin,
                              std::uint64_t end, const ByteSink& sink, const CodecProgress& progress,
                              const ModelNotice& notice, std::span<const Method> table) {
    const FloatStateGuard guard;
    const ArchiveIndex index = read_index(archive);
    if (begin > index.plain_bytes || begin > end) {
        fail("the range begins at byte ", begin, ", and the archive holds ", index.plain_bytes,
             "; choose a range inside");
    }
    end = std::min(end, index.plain_bytes);
    std::uint64_t offset = 0;
    const ByteSource source = [&](std::span<std::uint8_t> buffer) {
        const std::size_t count = archive.read_at(offset, buffer);
        offset += count;
        return count;
    };
    ArchiveReader reader(source);
    Decoder decoder(find, reader, notice, table, progress);
    if (reader.position() != index.first_block) {
        reader.damaged(text_of("the index has the first block at byte ", index.first_block));
    }
    CodecSummary summary;
    summary.model_bytes = reader.header().model_bytes;
    summary.archive_bytes = reader.position();
    // The first block of the chain that holds the range's first byte, or that byte's block.
    const std::uint64_t first = decoder.chain().replay_from(begin);
    std::size_t number = 0;
    std::uint64_t block_begin = 0;
    for (; number < index.blocks.size() && block_begin + index.blocks[number].plain_bytes <= first;
         ++number) {
        block_begin += index.blocks[number].plain_bytes;
    }
    reader.jump(index, number);
    offset = reader.position();
    const std::uint64_t archive_begin = reader.position();
    std::uint64_t given = 0;
    BlockHeader header;
    for (; begin < end && block_begin < end; block_begin += header.plain_bytes) {
        const auto plain = decoder.next(header, block_begin, summary.plain_bytes);
        if (!plain || header.plain_bytes != index.blocks[number++].plain_bytes) {
            reader.damaged("the index has another length for this block");
        }
        count_block(summary, header);
        const std::uint64_t block_end = block_begin + header.plain_bytes;
        if (block_end <= begin) {
            summary.replayed_bytes += header.plain_bytes;
            continue;
        }
        const std::uint64_t from = std::max(begin, block_begin) - block_begin;
        const std::uint64_t to = std::min(end, block_end) - block_begin;
        sink(ByteSpan(*plain).subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
        given += to - from;
    }
    summary.archive_bytes += reader.position() - archive_begin;
    summary.plain_bytes = given;
    return summary;
}

ArchiveListing list_archive(const ByteSource& source, std::span<const Method> table) {
    ArchiveReader reader(source);
    const ArchiveHeader& front = reader.header();
    ArchiveListing listing{
        .version = front.version,
        .model_id = front.model_id,
        .embedded = front.model_bytes > 0,
        .arithmetic_version = front.arithmetic_version,
        .reset_every = front.reset_every,
        .summary = {},
    };
    listing.summary.model_bytes = front.model_bytes;
    reader.skip_model();
    BlockHeader header;
    while (next_block(reader, table, header)) {
        reader.skip_payload();
        count_block(listing.summary, header);
    }
    listing.summary.archive_bytes = reader.position();
    return listing;
}

}  // namespace bitlaw::coding
