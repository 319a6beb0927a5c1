#include "bitlaw/coding/restore.hpp"

#include <algorithm>
#include <optional>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/coding/mixing.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "reporter.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;

namespace {

// The model that an archive needs: the embedded one, or the finder's when the first coded block asks for it.
class ArchiveModel {
   public:
    ArchiveModel(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice)
        : find_(find), reader_(reader), notice_(notice) {
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

    [[nodiscard]] const PackedModel& packed() {
        if (!packed_) {
            const StoredModel& model = embedded_ ? *embedded_ : find_(reader_.header().model_id);
            check_id(model, "; name the right one");
            try {
                check_reset(model.model.config, reader_.header().reset_every);
            } catch (const Error& error) {
                reader_.damaged(error.what());
            }
            packed_.emplace(model.model, PackFor::inference);
            if (notice_) {
                notice_(model.model.config);
            }
        }
        return *packed_;
    }

   private:
    void check_id(const StoredModel& model, const char* advice) const {
        if (model.id != reader_.header().model_id) {
            fail("the archive needs model ", hex64(reader_.header().model_id), ", and the model ",
                 embedded_ ? "inside it" : "given", " is ", hex64(model.id), advice);
        }
    }

    const ModelFinder& find_;
    ArchiveReader& reader_;
    const ModelNotice& notice_;
    std::optional<StoredModel> embedded_;
    std::optional<PackedModel> packed_;
};

std::vector<ByteSpan> cut(ByteSpan payload, const std::vector<std::uint64_t>& lengths) {
    std::vector<ByteSpan> streams;
    std::size_t begin = 0;
    for (const std::uint64_t bytes : lengths) {
        streams.push_back(payload.subspan(begin, static_cast<std::size_t>(bytes)));
        begin += streams.back().size();
    }
    return streams;
}

void decode_pieces(std::span<const ByteSpan> pieces, std::span<std::uint8_t> plain,
                   const BlockProgress& progress) {
    for_parts(plain.size(), pieces.size(), progress,
              [&](std::size_t i, std::size_t begin, std::size_t bytes, const auto& advance) {
                  decode_mixed(pieces[i], plain.subspan(begin, bytes), advance);
              });
}

// The plain bytes of a block, their hash verified.
Bytes restore_block(ArchiveModel& model, ArchiveReader& reader, const BlockHeader& header,
                    const CodecProgress& progress, std::uint64_t plain_before) {
    Bytes plain = reader.payload();
    if (header.kind != BlockKind::stored) {
        const Bytes payload = std::move(plain);
        const std::vector<ByteSpan> streams = cut(payload, header.stream_bytes);
        plain = Bytes(static_cast<std::size_t>(header.plain_bytes));
        const std::uint64_t archive_before = reader.position() - payload.size();
        BlockProgress within;
        if (progress) {
            within = [&progress, plain_before, archive_before](std::uint64_t done, std::uint64_t read) {
                progress(plain_before + done, archive_before + read);
            };
        }
        if (header.kind == BlockKind::mixed) {
            decode_pieces(streams, plain, within);
        } else {
            decode_streams(model.packed(), reader.header().reset_every, streams, plain, within);
        }
    }
    if (hash64(plain) != header.plain_hash) {
        reader.damaged("the block's bytes were restored but their hash does not match");
    }
    return plain;
}

}  // namespace

CodecSummary& CodecSummary::operator+=(const CodecSummary& other) {
    plain_bytes += other.plain_bytes;
    archive_bytes += other.archive_bytes;
    model_bytes += other.model_bytes;
    blocks += other.blocks;
    stored_blocks += other.stored_blocks;
    mixed_blocks += other.mixed_blocks;
    streams += other.streams;
    return *this;
}

void count_block(CodecSummary& summary, const BlockHeader& header) {
    summary.plain_bytes += header.plain_bytes;
    summary.blocks += 1;
    summary.stored_blocks += header.kind == BlockKind::stored ? 1 : 0;
    summary.mixed_blocks += header.kind == BlockKind::mixed ? 1 : 0;
    summary.streams += header.stream_bytes.size();
}

CodecSummary decompress(const ModelFinder& find, const ByteSource& source, const ByteSink& sink,
                        const CodecProgress& progress, const ModelNotice& notice) {
    const FloatStateGuard guard;
    ArchiveReader reader(source);
    ArchiveModel model(find, reader, notice);
    CodecSummary summary;
    summary.model_bytes = reader.header().model_bytes;
    BlockHeader header;
    while (reader.next_block(header)) {
        sink(restore_block(model, reader, header, progress, summary.plain_bytes));
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
                              const ModelNotice& notice) {
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
    ArchiveModel model(find, reader, notice);
    if (reader.position() != index.first_block) {
        reader.damaged(text_of("the index has the first block at byte ", index.first_block));
    }
    CodecSummary summary;
    summary.model_bytes = reader.header().model_bytes;
    summary.archive_bytes = reader.position();
    std::size_t number = 0;
    std::uint64_t block_begin = 0;
    for (; number < index.blocks.size() && block_begin + index.blocks[number].plain_bytes <= begin;
         ++number) {
        block_begin += index.blocks[number].plain_bytes;
    }
    reader.jump(index, number);
    offset = reader.position();
    const std::uint64_t archive_begin = reader.position();
    std::uint64_t given = 0;
    for (BlockHeader header; begin < end && block_begin < end; block_begin += header.plain_bytes) {
        if (!reader.next_block(header) || header.plain_bytes != index.blocks[number++].plain_bytes) {
            reader.damaged("the index has another length for this block");
        }
        const Bytes plain = restore_block(model, reader, header, progress, summary.plain_bytes);
        const std::uint64_t from = std::max(begin, block_begin) - block_begin;
        const std::uint64_t to = std::min(end - block_begin, header.plain_bytes);
        sink(ByteSpan(plain).subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
        given += to - from;
        count_block(summary, header);
    }
    summary.archive_bytes += reader.position() - archive_begin;
    summary.plain_bytes = given;
    return summary;
}

ArchiveListing list_archive(const ByteSource& source) {
    ArchiveReader reader(source);
    const ArchiveHeader& front = reader.header();
    ArchiveListing listing{
        front.model_id, front.model_bytes > 0, front.arithmetic_version, front.reset_every, {}};
    listing.summary.model_bytes = front.model_bytes;
    reader.skip_model();
    BlockHeader header;
    while (reader.next_block(header)) {
        reader.skip_payload();
        count_block(listing.summary, header);
    }
    listing.summary.archive_bytes = reader.position();
    return listing;
}

}  // namespace bitlaw::coding
