#pragma once
/// \file The arithmetic coder: a byte-wise range coder with carry. Encoder and decoder mirror each other.
/// Class A.

#include <cstdint>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::entropy {

/// Largest total of a table's frequencies: 2^17 symbols of frequency 2^24.
inline constexpr std::uint64_t kMaxTotal = std::uint64_t{1} << 41;

/// A symbol's share start .. start+size-1 of 0 .. total-1. Needs size >= 1, start + size <= total <=
/// kMaxTotal.
struct Interval {
    std::uint64_t start;
    std::uint64_t size;
    std::uint64_t total;
};

/// Narrows [low, low + range) by one interval after the other and writes the bytes that no later interval can
/// change but by a carry (Martin 1979, with the carry propagated into the bytes already written).
///
/// Loss. After every step range >= 2^56. With r = floor(range / total), r * total > range - total, so an
/// interval keeps more than size / total * (1 - total / range) of the range: at most -log2(1 - total / 2^56)
/// bits are lost a symbol, which is 8.6e-8 bits for 256 symbols (total <= 2^32) and 4.4e-5 bits for 131,072
/// (total <= 2^41). The last interval of a table takes the remainder and so loses nothing. The end costs less
/// than 8 bits: after w bytes the ideal length is 8 w + 64 - log2(range) > 8 w bits, and finish() appends at
/// most one byte.
class RangeEncoder {
   public:
    /// Appends one symbol. Throws Error when the interval breaks its bounds.
    void encode(const Interval& interval);
    /// The same bytes as encode() of a binary decision, without its division: a one has the first `ones` of
    /// 2^bits, a zero the rest. Throws Error unless 1 <= ones < 2^bits and 1 <= bits <= 32.
    void encode_bit(std::uint32_t ones, unsigned bits, bool bit);
    /// Ends the stream with the fewest bytes: of all numbers in [low, low + range) the one with most trailing
    /// zero bytes, and trailing zero bytes are left out. Leaves the encoder empty, ready for another stream.
    [[nodiscard]] Bytes finish();
    /// Bytes written so far.
    [[nodiscard]] std::size_t size() const { return out_.size(); }

   private:
    void carry();
    void shift();
    std::uint64_t low_ = 0;
    std::uint64_t range_ = ~std::uint64_t{0};
    Bytes out_;
};

/// Reads what RangeEncoder wrote; zeros follow the last byte for ever. Any bytes decode to something: damage
/// gives wrong symbols, never a wrong access.
class RangeDecoder {
   public:
    /// The span must outlive the decoder.
    explicit RangeDecoder(ByteSpan code);
    /// A number 0 .. total-1 that lies in the next symbol's interval; accept() must follow.
    [[nodiscard]] std::uint64_t target(std::uint64_t total);
    /// Tells which interval the target lay in.
    void accept(const Interval& interval);
    /// Reads what encode_bit() wrote. Throws as it does.
    [[nodiscard]] bool decode_bit(std::uint32_t ones, unsigned bits);
    /// Bytes of the stream that were read so far.
    [[nodiscard]] std::size_t position() const { return position_; }

   private:
    std::uint8_t next();
    void shift();
    ByteSpan code_;
    std::size_t position_ = 0;
    std::uint64_t offset_ = 0;  // the code's value minus the encoder's low, below range_
    std::uint64_t range_ = ~std::uint64_t{0};
    std::uint64_t share_ = 0;  // range_ / total of the last target()
};

}  // namespace bitlaw::entropy
