#include "bitlaw/coding/archive_reader.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"

namespace bitlaw::coding {
namespace {

// A model file without a training record: 2^31 weights in fp32, which no other format exceeds, and 80
// bytes around them.
constexpr std::uint64_t kMaxModelBytes = (std::uint64_t{1} << 33) + 80;

std::uint32_t low_half(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

}  // namespace

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
    read_header();
}

// What follows the magic.
void ArchiveReader::read_header() {
    header_ = {};
    header_.version = u8();
    if (header_.version < 1 || header_.version > kMaxArchiveVersion) {
        fail("this archive has format version ", int{header_.version},
             ", and this program reads versions 1 to ", int{kMaxArchiveVersion},
             "; use the bitlaw that made it, or get the archive again if it is damaged");
    }
    const std::uint8_t flags = u8();
    header_.arithmetic_version = u16();
    header_.model_id = u64();
    header_.reset_every = varint("the number of positions between resets", ~std::uint64_t{0});
    header_.model_bytes = varint("the embedded model's length", kMaxModelBytes);
    if (header_.version >= 2) {
        header_.method = u8();
        header_.chain = varint("the length of a chain", ~std::uint64_t{0});
        header_.streams = varint("the number of streams that were asked for", kMaxStreams);
        header_.stack.resize(
            static_cast<std::size_t>(varint("the length of the stack's description", kMaxStackBytes)));
        take(header_.stack);
    }
    verify_check("the header");
    if (flags != 0) {
        damaged(text_of("unknown flags ", int{flags}));
    }
    part_ = "the embedded model";
}

std::string ArchiveReader::place() const { return text_of("at byte ", position_, ", in ", part_); }

void ArchiveReader::damaged(const std::string& what) const {
    fail("the archive is damaged ", place(), ": ", what,
         "; get it again, or see what bitlaw recover can restore");
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
                 "; it is truncated: get it again, or see what bitlaw recover can restore");
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

std::uint64_t ArchiveReader::varint(const char* what, std::uint64_t max) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) {
            break;
        }
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (value > max) {
                damaged(text_of(what, " is ", value, ", but at most ", max, " is possible"));
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
    header.method = u8();
    begin_check();
    if (header.method == kTrailer) {
        hasher_.update({&header.method, 1});
        part_ = "the trailer";
        read_trailer();
        return false;
    }
    hasher_.update(block_number_bytes(index_.size()));
    hasher_.update({&header.method, 1});
    header.plain_bytes = varint("the plain length", kMaxBlockBytes);
    if (header.plain_bytes == 0) {
        damaged("the block is empty");
    }
    if (header_.chain > 0 && header.plain_bytes > header_.chain - plain_total_ % header_.chain) {
        damaged("the block goes on beyond the end of its chain");
    }
    header.own.clear();
    header.stream_bytes.clear();
    payload_left_ = header.plain_bytes;
    if (header.method != kStored) {
        read_streams(header);
    }
    header.plain_hash = u64();
    index_.push_back({0, header.plain_bytes});
    plain_total_ += header.plain_bytes;
    return true;
}

void ArchiveReader::read_streams(BlockHeader& header) {
    if (header_.version >= 2) {
        header.own.resize(
            static_cast<std::size_t>(varint("the length of the method's own header", kMaxOwnBytes)));
        take(header.own);
    }
    const std::uint64_t streams = varint("the number of streams", std::min(kMaxStreams, header.plain_bytes));
    if (streams == 0) {
        damaged("a coded block has no streams");
    }
    // A block that coding does not make smaller is stored, so that all streams together are below the plain
    // length.
    std::uint64_t left = header.plain_bytes - 1;
    for (std::uint64_t stream = 0; stream < streams; ++stream) {
        header.stream_bytes.push_back(varint("the length of a stream", left));
        left -= header.stream_bytes.back();
    }
    payload_left_ = header.plain_bytes - 1 - left;
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
    BITLAW_ASSERT(number <= index.blocks.size());
    payload_left_ = 0;
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
}

bool ArchiveReader::next_archive() {
    part_ = "what follows the archive";
    const std::uint64_t end = position_;
    if (!fill()) {
        return false;
    }
    begin_check();
    std::array<std::uint8_t, 4> magic{};
    for (std::uint8_t& byte : magic) {
        if (!fill()) {
            break;
        }
        take({&byte, 1});
    }
    if (magic != kArchiveMagic) {
        fail("there are bytes after the archive's end at byte ", end,
             "; it is damaged or was joined with something: keep its first ", end, " bytes and try again");
    }
    index_.clear();
    plain_total_ = 0;
    part_ = "the header";
    read_header();
    return true;
}

}  // namespace bitlaw::coding
