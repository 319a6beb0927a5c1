#include "bitlaw/coding/archive.hpp"

#include <limits>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"

namespace bitlaw::coding {
namespace {

std::uint32_t low_half(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

}  // namespace

Bytes block_number_bytes(std::uint64_t number) {
    ByteWriter writer;
    writer.u64(number);
    return writer.take();
}

std::uint64_t BlockHeader::payload_bytes() const {
    if (method == kStored) {
        return plain_bytes;
    }
    std::uint64_t sum = 0;
    for (const std::uint64_t bytes : stream_bytes) {
        sum += bytes;
    }
    return sum;
}

Bytes header_bytes(const ArchiveHeader& header) {
    BITLAW_ASSERT(header.version >= 1 && header.version <= kMaxArchiveVersion);
    ByteWriter writer;
    writer.bytes(kArchiveMagic);
    writer.u8(header.version);
    writer.u8(0);  // flags: none yet
    writer.u16(header.arithmetic_version);
    writer.u64(header.model_id);
    writer.varint(header.reset_every);
    writer.varint(header.model_bytes);
    if (header.version >= 2) {
        BITLAW_ASSERT(header.stack.size() <= kMaxStackBytes);
        writer.u8(header.method);
        writer.varint(header.chain);
        writer.varint(header.streams);
        writer.varint(header.stack.size());
        writer.bytes(header.stack);
    } else {
        BITLAW_ASSERT(header.method == kTrailer && header.chain == 0 && header.streams == 0 &&
                      header.stack.empty());
    }
    writer.u32(low_half(hash64(writer.data())));
    return writer.take();
}

Bytes block_header_bytes(const BlockHeader& header, std::uint8_t version) {
    BITLAW_ASSERT(header.own.size() <= kMaxOwnBytes &&
                  (header.own.empty() || (version >= 2 && header.method != kStored)));
    ByteWriter writer;
    writer.u8(header.method);
    writer.varint(header.plain_bytes);
    if (header.method != kStored) {
        if (version >= 2) {
            writer.varint(header.own.size());
            writer.bytes(header.own);
        }
        writer.varint(header.stream_bytes.size());
        for (const std::uint64_t bytes : header.stream_bytes) {
            writer.varint(bytes);
        }
    }
    writer.u64(header.plain_hash);
    return writer.take();
}

Bytes trailer_bytes(std::span<const IndexEntry> index) {
    std::uint64_t total = 0;
    for (const IndexEntry& entry : index) {
        total += entry.plain_bytes;
    }
    ByteWriter writer;
    writer.u8(kTrailer);
    writer.varint(total);
    writer.varint(index.size());
    for (const IndexEntry& entry : index) {
        writer.varint(entry.archive_bytes);
        writer.varint(entry.plain_bytes);
    }
    writer.u32(low_half(hash64(writer.data())));
    if (writer.size() > std::numeric_limits<std::uint32_t>::max()) {
        fail("the archive's index would be larger than 4 GiB; compress with larger blocks");
    }
    writer.u32(static_cast<std::uint32_t>(writer.size()));
    writer.bytes(kArchiveEnd);
    return writer.take();
}

ArchiveWriter::ArchiveWriter(const ByteSink& sink, ArchiveHeader header, ByteSpan model)
    : sink_(sink), version_(header.version) {
    header.model_bytes = model.size();
    put(header_bytes(header));
    put(model);
}

void ArchiveWriter::put(ByteSpan data) {
    if (!data.empty()) {
        sink_(data);
        position_ += data.size();
    }
}

void ArchiveWriter::block(const BlockHeader& header, std::span<const ByteSpan> payload) {
    BITLAW_ASSERT(header.plain_bytes >= 1 && header.plain_bytes <= kMaxBlockBytes);
    const std::uint64_t start = position_;
    Hasher hasher;
    hasher.update(block_number_bytes(index_.size()));
    const Bytes front = block_header_bytes(header, version_);
    hasher.update(front);
    put(front);
    for (const ByteSpan piece : payload) {
        hasher.update(piece);
        put(piece);
    }
    ByteWriter check;
    check.u32(low_half(hasher.digest()));
    put(check.data());
    BITLAW_ASSERT(position_ - start == front.size() + header.payload_bytes() + kBlockCheckBytes);
    index_.push_back({position_ - start, header.plain_bytes});
}

void ArchiveWriter::finish() { put(trailer_bytes(index_)); }

}  // namespace bitlaw::coding
