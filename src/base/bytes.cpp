#include "bitlaw/base/bytes.hpp"

#include <bit>

#include "bitlaw/base/error.hpp"

namespace bitlaw {
namespace {

template <class Word>
void append_little_endian(Bytes& data, Word value) {
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
        data.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

template <class Word>
Word little_endian(ByteSpan bytes) {
    Word value = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
        value = static_cast<Word>(value | static_cast<Word>(static_cast<Word>(bytes[i]) << (8 * i)));
    }
    return value;
}

}  // namespace

void ByteWriter::u8(std::uint8_t value) { data_.push_back(value); }
void ByteWriter::u16(std::uint16_t value) { append_little_endian(data_, value); }
void ByteWriter::u32(std::uint32_t value) { append_little_endian(data_, value); }
void ByteWriter::u64(std::uint64_t value) { append_little_endian(data_, value); }
void ByteWriter::f32(float value) { u32(std::bit_cast<std::uint32_t>(value)); }
void ByteWriter::f64(double value) { u64(std::bit_cast<std::uint64_t>(value)); }

void ByteWriter::varint(std::uint64_t value) {
    while (value >= 0x80) {
        u8(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    u8(static_cast<std::uint8_t>(value));
}

void ByteWriter::bytes(ByteSpan value) { data_.insert(data_.end(), value.begin(), value.end()); }

void ByteWriter::text(std::string_view value) {
    varint(value.size());
    data_.insert(data_.end(), value.begin(), value.end());
}

ByteSpan ByteReader::bytes(std::size_t count) {
    if (count > remaining()) {
        fail(what_, " ends too early: ", count, " bytes needed at byte ", position_, ", ", remaining(),
             " left; it is truncated or damaged, so get it or make it again");
    }
    const ByteSpan piece = data_.subspan(position_, count);
    position_ += count;
    return piece;
}

std::uint8_t ByteReader::u8() { return bytes(1)[0]; }
std::uint16_t ByteReader::u16() { return little_endian<std::uint16_t>(bytes(2)); }
std::uint32_t ByteReader::u32() { return little_endian<std::uint32_t>(bytes(4)); }
std::uint64_t ByteReader::u64() { return little_endian<std::uint64_t>(bytes(8)); }
float ByteReader::f32() { return std::bit_cast<float>(u32()); }
double ByteReader::f64() { return std::bit_cast<double>(u64()); }

std::uint64_t ByteReader::varint() {
    const std::size_t start = position_;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        const bool padded = byte == 0 && shift > 0;
        // The tenth byte starts at bit 63, so only its lowest bit fits.
        const bool overflows = shift == 63 && byte > 1;
        if (padded || overflows) {
            break;
        }
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    fail(what_, " holds a malformed number at byte ", start, "; it is damaged, so get it or make it again");
}

std::string ByteReader::text(std::size_t most) {
    const std::size_t start = position_;
    const std::uint64_t length = varint();
    if (length > most) {
        fail(what_, " holds a text of ", length, " bytes at byte ", start, ", but at most ", most,
             " are allowed; it is damaged, so get it or make it again");
    }
    const ByteSpan piece = bytes(static_cast<std::size_t>(length));
    return {piece.begin(), piece.end()};
}

}  // namespace bitlaw
