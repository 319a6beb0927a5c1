#include "bitlaw/coding/restore.hpp"

#include <algorithm>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/joined.hpp"
#include "decoder.hpp"

namespace bitlaw::coding {

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
    CodecSummary summary;
    do {
        Decoder decoder(find, reader, notice, table, progress);
        summary.model_bytes += reader.header().model_bytes;
        const std::uint64_t before = summary.plain_bytes;
        BlockHeader header;
        while (const auto plain = decoder.next(header, summary.plain_bytes - before, summary.plain_bytes)) {
            sink(*plain);
            count_block(summary, header);
            if (progress) {
                progress(summary.plain_bytes, reader.position());
            }
        }
    } while (reader.next_archive());
    summary.archive_bytes = reader.position();
    return summary;
}

namespace {

// The plain bytes begin .. end-1 of a single archive, which has them.
CodecSummary decompress_part(const ModelFinder& find, const SeekableSource& archive, std::uint64_t begin,
                             std::uint64_t end, const ByteSink& sink, const CodecProgress& progress,
                             const ModelNotice& notice, std::span<const Method> table) {
    const ArchiveIndex index = read_index(archive);
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

}  // namespace

CodecSummary decompress_range(const ModelFinder& find, const SeekableSource& file, std::uint64_t begin,
                              std::uint64_t end, const ByteSink& sink, const CodecProgress& progress,
                              const ModelNotice& notice, std::span<const Method> table) {
    const FloatStateGuard guard;
    const std::vector<ArchiveSpan> spans = archive_spans(file);
    std::uint64_t plain_bytes = 0;
    for (const ArchiveSpan& span : spans) {
        plain_bytes += span.plain_bytes;
    }
    if (begin > plain_bytes || begin > end) {
        fail("the range begins at byte ", begin, ", and the archive holds ", plain_bytes,
             "; choose a range inside");
    }
    end = std::min(end, plain_bytes);
    CodecSummary summary;
    std::uint64_t before = 0;
    for (const ArchiveSpan& span : spans) {
        const std::uint64_t from = std::max(begin, before) - before;
        const std::uint64_t to = std::min(end, before + span.plain_bytes);
        if (spans.size() == 1 || (to > before && from < to - before)) {
            summary +=
                decompress_part(find, part_of(file, span), from, to - before, sink, progress, notice, table);
        }
        before += span.plain_bytes;
    }
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
    do {
        listing.archives += 1;
        listing.one_model = listing.one_model && front.model_id == listing.model_id;
        listing.embedded = listing.embedded && front.model_bytes > 0;
        listing.summary.model_bytes += front.model_bytes;
        reader.skip_model();
        BlockHeader header;
        while (next_block(reader, table, header)) {
            reader.skip_payload();
            count_block(listing.summary, header);
        }
    } while (reader.next_archive());
    listing.summary.archive_bytes = reader.position();
    return listing;
}

}  // namespace bitlaw::coding
