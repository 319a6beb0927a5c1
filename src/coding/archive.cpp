#include "bitlaw/coding/archive.hpp"

#include <algorithm>
#include <limits>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/mixing.hpp"

namespace bitlaw::coding {
namespace {

// A model file without a training record: 2^31 weights in fp32, which no other precision exceeds, and 80
// bytes around them.
constexpr std::uint64_t kMostModelBytes = (std::uint64_t{1} << 33) + 80;

std::uint32_t low_half(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

// A block's check starts with its number, so that blocks that changed places are found.
Bytes number_bytes(std::uint64_t number) {
    ByteWriter writer;
    writer.u64(number);
    return writer.take();
}

}  // namespace

std::uint64_t BlockHeader::payload_bytes() const {
    if (kind == BlockKind::stored) {
        return plain_bytes;
    }
    std::uint64_t sum = 0;
    for (const std::uint64_t bytes : stream_bytes) {
        sum += bytes;
    }
    return sum;
}

Bytes header_bytes(const ArchiveHeader& header) {
    ByteWriter writer;
    writer.bytes(kArchiveMagic);
    writer.u8(kArchiveVersion);
    writer.u8(0);  // flags: none yet
    writer.u16(header.arithmetic_version);
    writer.u64(header.model_id);
    writer.varint(header.reset_every);
    writer.varint(header.model_bytes);
    writer.u32(low_half(hash64(writer.data())));
    return writer.take();
}

Bytes block_header_bytes(const BlockHeader& header) {
    ByteWriter writer;
    writer.u8(static_cast<std::uint8_t>(header.kind));
    writer.varint(header.plain_bytes);
    if (header.kind != BlockKind::stored) {
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
    writer.u8(static_cast<std::uint8_t>(BlockKind::end));
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

ArchiveWriter::ArchiveWriter(const ByteSink& sink, ArchiveHeader header, ByteSpan model) : sink_(sink) {
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
    BITLAW_ASSERT(header.plain_bytes >= 1 && header.plain_bytes <= kMostBlockBytes);
    const std::uint64_t start = position_;
    Hasher hasher;
    hasher.update(number_bytes(index_.size()));
    const Bytes front = block_header_bytes(header);
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

// ---- reading
// -----------------------------------------------------------------------------------------------------

ArchiveReader::ArchiveReader(const ByteSource& source) : source_(source) {
    std::array<std::uint8_t, 4> magic{};
    for (std::uint8_t& byte : magic) {
        if (!fill()) {
            fail("this is not an archive: it has only ", position_,
                 " bytes; check that it is the file you mean");
        }
        take({&byte, 1});
    }
    if (magic != kArchiveMagic) {
        fail("this is not a bitlaw archive: its first bytes are others; check that it is the file you mean");
    }
    const std::uint8_t version = u8();
    if (version != kArchiveVersion) {
        fail("this archive has format version ", int{version}, ", and this program reads version ",
             int{kArchiveVersion},
             "; use the bitlaw that made it, or get the archive again if it is damaged");
    }
    const std::uint8_t flags = u8();
    header_.arithmetic_version = u16();
    header_.model_id = u64();
    header_.reset_every = varint("the number of positions between resets", ~std::uint64_t{0});
    header_.model_bytes = varint("the embedded model's length", kMostModelBytes);
    verify_check("the header");
    if (flags != 0) {
        damaged(text_of("unknown flags ", int{flags}));
    }
    part_ = "the embedded model";
}

std::string ArchiveReader::place() const { return text_of("at byte ", position_, ", in ", part_); }

void ArchiveReader::damaged(const std::string& what) const {
    fail("the archive is damaged ", place(), ": ", what, "; get it again or restore it from a backup");
}

bool ArchiveReader::fill() {
    constexpr std::size_t kBufferBytes = 64 * 1024;
    if (used_ < buffer_.size()) {
        return true;
    }
    buffer_.resize(kBufferBytes);
    buffer_.resize(source_(buffer_));
    used_ = 0;
    return !buffer_.empty();
}

void ArchiveReader::take(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        if (!fill()) {
            fail("the archive ends too early, ", place(),
                 "; it is truncated: get it again or restore it from a backup");
        }
        const std::size_t count = std::min(out.size(), buffer_.size() - used_);
        const ByteSpan piece = ByteSpan(buffer_).subspan(used_, count);
        std::copy(piece.begin(), piece.end(), out.begin());
        hasher_.update(piece);
        used_ += count;
        position_ += count;
        out = out.subspan(count);
    }
}

// Calls visit(bytes) for `count` bytes in pieces that grow with what has arrived.
template <class Visit>
void ArchiveReader::take_pieces(std::uint64_t count, const Visit& visit) {
    constexpr std::uint64_t kPieceBytes = 64 * 1024;
    Bytes piece;
    while (count > 0) {
        piece.resize(static_cast<std::size_t>(std::min(count, kPieceBytes)));
        take(piece);
        visit(ByteSpan(piece));
        count -= piece.size();
    }
}

std::uint8_t ArchiveReader::u8() {
    std::uint8_t value = 0;
    take({&value, 1});
    return value;
}

std::uint16_t ArchiveReader::u16() {
    std::array<std::uint8_t, 2> bytes{};
    take(bytes);
    return ByteReader(bytes, "the archive").u16();
}

std::uint32_t ArchiveReader::u32() {
    std::array<std::uint8_t, 4> bytes{};
    take(bytes);
    return ByteReader(bytes, "the archive").u32();
}

std::uint64_t ArchiveReader::u64() {
    std::array<std::uint8_t, 8> bytes{};
    take(bytes);
    return ByteReader(bytes, "the archive").u64();
}

std::uint64_t ArchiveReader::varint(const char* what, std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) {
            break;
        }
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (value > most) {
                damaged(text_of(what, " is ", value, ", but at most ", most, " is possible"));
            }
            return value;
        }
    }
    damaged(text_of(what, " is malformed"));
}

void ArchiveReader::begin_check() { hasher_ = Hasher(); }

void ArchiveReader::verify_check(const char* what) {
    const std::uint32_t expected = low_half(hasher_.digest());
    if (u32() != expected) {
        damaged(text_of("the check of ", what, " does not match"));
    }
}

Bytes ArchiveReader::model() {
    Bytes bytes;
    take_pieces(header_.model_bytes,
                [&](ByteSpan piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
    return bytes;
}

void ArchiveReader::skip_model() {
    take_pieces(header_.model_bytes, [](ByteSpan) {});
}

bool ArchiveReader::next_block(BlockHeader& header) {
    BITLAW_ASSERT(payload_left_ == 0);
    part_ = text_of("block ", index_.size() + 1);
    block_start_ = position_;
    // The type decides what the check covers: a block's begins with its number.
    const std::uint8_t kind = u8();
    begin_check();
    if (kind == static_cast<std::uint8_t>(BlockKind::end)) {
        hasher_.update({&kind, 1});
        part_ = "the trailer";
        read_trailer();
        return false;
    }
    hasher_.update(number_bytes(index_.size()));
    hasher_.update({&kind, 1});
    if (kind > static_cast<std::uint8_t>(BlockKind::mixed)) {
        damaged(text_of("unknown block type ", int{kind}));
    }
    header.kind = static_cast<BlockKind>(kind);
    header.plain_bytes = varint("the plain length", kMostBlockBytes);
    if (header.plain_bytes == 0) {
        damaged("the block is empty");
    }
    header.stream_bytes.clear();
    payload_left_ = header.plain_bytes;
    if (header.kind != BlockKind::stored) {
        const std::uint64_t streams =
            varint("the number of streams", std::min(kMostStreams, header.plain_bytes));
        if (streams == 0) {
            damaged("a coded block has no streams");
        }
        // Each costs its memory and time, so that none may be there for nothing.
        if (header.kind == BlockKind::mixed &&
            streams != mixed_streams(static_cast<std::size_t>(header.plain_bytes))) {
            damaged(text_of("the number of pieces is ", streams));
        }
        // A block that coding does not make smaller is stored, so that all streams together are below the
        // plain length.
        std::uint64_t left = header.plain_bytes - 1;
        for (std::uint64_t stream = 0; stream < streams; ++stream) {
            header.stream_bytes.push_back(varint("the length of a stream", left));
            left -= header.stream_bytes.back();
        }
        payload_left_ = header.plain_bytes - 1 - left;
    }
    header.plain_hash = u64();
    index_.push_back({0, header.plain_bytes});
    plain_total_ += header.plain_bytes;
    return true;
}

template <class Visit>
void ArchiveReader::payload_pieces(const Visit& visit) {
    take_pieces(payload_left_, visit);
    payload_left_ = 0;
    verify_check("the block");
    index_.back().archive_bytes = position_ - block_start_;
}

Bytes ArchiveReader::payload() {
    Bytes bytes;
    payload_pieces([&](ByteSpan piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
    return bytes;
}

void ArchiveReader::skip_payload() {
    payload_pieces([](ByteSpan) {});
}

void ArchiveReader::jump(const ArchiveIndex& index, std::size_t number) {
    BITLAW_ASSERT(payload_left_ == 0 && number <= index.blocks.size());
    buffer_.clear();
    used_ = 0;
    position_ = index.first_block;
    plain_total_ = 0;
    index_.assign(index.blocks.begin(), index.blocks.begin() + static_cast<std::ptrdiff_t>(number));
    for (const IndexEntry& entry : index_) {
        position_ += entry.archive_bytes;
        plain_total_ += entry.plain_bytes;
    }
}

void ArchiveReader::read_trailer() {
    constexpr std::uint64_t kMost = ~std::uint64_t{0};
    const auto expect = [this](const char* what, std::uint64_t expected) {
        const std::uint64_t found = varint(what, kMost);
        if (found != expected) {
            damaged(text_of(what, " is ", found, ", but the blocks before it give ", expected));
        }
    };
    expect("the total plain length", plain_total_);
    expect("the number of blocks", index_.size());
    for (const IndexEntry& entry : index_) {
        expect("the archive length of a block in the index", entry.archive_bytes);
        expect("the plain length of a block in the index", entry.plain_bytes);
    }
    verify_check("the trailer");
    const std::uint64_t length = position_ - block_start_;
    if (u32() != length) {
        damaged(text_of("the trailer's length is not ", length));
    }
    std::array<std::uint8_t, 4> end{};
    take(end);
    if (end != kArchiveEnd) {
        damaged("the closing mark is missing");
    }
    part_ = "what follows the archive";
    if (!fill()) {
        return;
    }
    std::array<std::uint8_t, 4> more{};
    for (std::uint8_t& byte : more) {
        if (!fill()) {
            break;
        }
        take({&byte, 1});
    }
    const std::uint64_t archive_bytes = block_start_ + length + 8;
    if (more == kArchiveMagic) {
        fail("a second archive follows at byte ", archive_bytes,
             "; archives cannot be joined: cut the file there and decompress the pieces one by one");
    }
    fail("there are bytes after the archive's end at byte ", archive_bytes,
         "; it is damaged or was joined with something: keep its first ", archive_bytes,
         " bytes and try again");
}

}  // namespace bitlaw::coding
