#include "bitlaw/coding/joined.hpp"

#include <algorithm>

#include "bitlaw/coding/archive_reader.hpp"

namespace bitlaw::coding {
namespace {

ByteSource from_front(const SeekableSource& file) {
    return [&file, offset = std::uint64_t{0}](std::span<std::uint8_t> buffer) mutable {
        const std::size_t count = file.read_at(offset, buffer);
        offset += count;
        return count;
    };
}

}  // namespace

std::vector<ArchiveSpan> archive_spans(const SeekableSource& file) {
    const ArchiveIndex index = read_index(file);
    const ByteSource front = from_front(file);
    ArchiveReader first(front);
    if (first.position() + first.header().model_bytes == index.first_block) {
        return {{0, file.bytes, index.plain_bytes}};
    }
    std::vector<ArchiveSpan> spans;
    const ByteSource source = from_front(file);
    ArchiveReader reader(source);
    std::uint64_t begin = 0;
    do {
        reader.skip_model();
        std::uint64_t plain = 0;
        BlockHeader header;
        while (reader.next_block(header)) {
            reader.skip_payload();
            plain += header.plain_bytes;
        }
        spans.push_back({begin, reader.position() - begin, plain});
        begin = reader.position();
    } while (reader.next_archive());
    return spans;
}

SeekableSource part_of(const SeekableSource& file, const ArchiveSpan& span) {
    return {span.archive_bytes, [&file, span](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                const std::uint64_t left = span.archive_bytes - std::min(offset, span.archive_bytes);
                return file.read_at(
                    span.begin + offset,
                    buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()))));
            }};
}

}  // namespace bitlaw::coding
