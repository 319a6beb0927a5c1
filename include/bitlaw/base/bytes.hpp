#pragma once
/// \file Byte order: explicit little-endian fields, written and read with bounds checked.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlaw {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

/// Appends little-endian fields to a growing buffer.
class ByteWriter {
   public:
    void u8(std::uint8_t value);
    void u16(std::uint16_t value);
    void u32(std::uint32_t value);
    void u64(std::uint64_t value);
    void f32(float value);              ///< IEEE 754 bits as u32
    void f64(double value);             ///< IEEE 754 bits as u64
    void varint(std::uint64_t value);   ///< LEB128: 7 bits a byte, least significant first, 1 to 10 bytes
    void bytes(ByteSpan value);         ///< raw, without a length
    void text(std::string_view value);  ///< varint length, then the bytes

    [[nodiscard]] std::size_t size() const { return data_.size(); }
    [[nodiscard]] ByteSpan data() const { return data_; }
    [[nodiscard]] Bytes take() { return std::move(data_); }

   private:
    Bytes data_;
};

/// Reads little-endian fields from a span; throws Error naming `what` when it ends too early.
class ByteReader {
   public:
    ByteReader(ByteSpan data, std::string what) : data_(data), what_(std::move(what)) {}

    std::uint8_t u8();
    std::uint16_t u16();
    std::uint32_t u32();
    std::uint64_t u64();
    float f32();
    double f64();
    std::uint64_t varint();  ///< throws on more than 64 bits and on padded (non-shortest) forms
    ByteSpan bytes(std::size_t count);
    std::string text(std::size_t most);  ///< throws when longer than `most` bytes

    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] std::size_t remaining() const { return data_.size() - position_; }

   private:
    ByteSpan data_;
    std::size_t position_ = 0;
    std::string what_;
};

}  // namespace bitlaw
