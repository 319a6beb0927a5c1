#include "bitlaw/coding/archive_index.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"

namespace bitlaw::coding {
namespace {

// After the trailer's check: its length and the closing mark.
constexpr std::uint64_t kTailBytes = 8;

[[noreturn]] void fail_index(const std::string& what) {
    fail("the archive's index cannot be used: ", what,
         "; the archive is truncated or damaged: restore it without a range to see how far it goes");
}

Bytes read_exactly(const SeekableSource& archive, std::uint64_t offset, std::uint64_t count) {
    Bytes bytes(static_cast<std::size_t>(count));
    if (archive.read_at(offset, bytes) != bytes.size()) {
        fail_index("it ends while it is read");
    }
    return bytes;
}

}  // namespace

ArchiveIndex read_index(const SeekableSource& archive) {
    if (archive.bytes < kTailBytes) {
        fail_index(text_of("there are only ", archive.bytes, " bytes"));
    }
    const Bytes tail = read_exactly(archive, archive.bytes - kTailBytes, kTailBytes);
    if (!std::equal(kArchiveEnd.begin(), kArchiveEnd.end(), tail.begin() + 4)) {
        fail_index("the closing mark is missing");
    }
    constexpr std::uint64_t kCheckBytes = 4;
    const std::uint64_t length = ByteReader(tail, "the archive's end").u32();
    if (length <= kCheckBytes || length > archive.bytes - kTailBytes) {
        fail_index(text_of("a length of ", length, " bytes"));
    }
    const std::uint64_t begin = archive.bytes - kTailBytes - length;
    const Bytes trailer = read_exactly(archive, begin, length);
    const ByteSpan content = ByteSpan(trailer).first(trailer.size() - kCheckBytes);
    if (ByteReader(ByteSpan(trailer).last(kCheckBytes), "the archive's index").u32() !=
        static_cast<std::uint32_t>(hash64(content))) {
        fail_index("its check does not match");
    }
    ByteReader reader(content, "the archive's index");
    ArchiveIndex index;
    if (reader.u8() != kTrailer) {
        fail_index("it is not where the end says");
    }
    const std::uint64_t total = reader.varint();
    const std::uint64_t blocks = reader.varint();
    if (blocks > reader.remaining() / 2) {
        fail_index(text_of("it cannot hold ", blocks, " blocks"));
    }
    std::uint64_t archive_bytes = 0;
    for (std::uint64_t block = 0; block < blocks; ++block) {
        const std::uint64_t coded = reader.varint();
        const std::uint64_t plain = reader.varint();
        if (coded > begin - archive_bytes || plain < 1 || plain > kMaxBlockBytes) {
            fail_index(text_of("block ", block + 1, " does not fit"));
        }
        archive_bytes += coded;
        index.plain_bytes += plain;
        index.blocks.push_back({coded, plain});
    }
    if (index.plain_bytes != total || reader.remaining() != 0) {
        fail_index("its numbers do not add up");
    }
    index.first_block = begin - archive_bytes;
    return index;
}

}  // namespace bitlaw::coding
