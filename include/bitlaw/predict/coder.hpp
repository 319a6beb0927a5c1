#pragma once
/// \file Whoever is asked which symbol comes next: an encoder, a decoder, a meter. Exactness class A.

#include <cstdint>
#include <span>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/entropy/range_coder.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::predict {

/// Answers a predictor's questions about one stream. An encoder is given the answer and writes it, a decoder
/// reads it, a meter is given it and adds up what it costs, a sampler draws it. `known` is the answer that is
/// given; coders that find it out do not look at it.
class Coder {
   public:
    virtual ~Coder() = default;
    /// Which of the V symbols comes: symbol j has frequency[j] >= 1 of their sum, which is at most
    /// entropy::kMaxTotal.
    virtual symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) = 0;
    /// Whether a one comes: it has `ones` of 2^`bits` shares, 1 <= ones < 2^bits, 1 <= bits <= 32.
    virtual bool bit(std::uint32_t ones, unsigned bits, bool known) = 0;

   protected:
    Coder() = default;
    Coder(const Coder&) = default;
    Coder& operator=(const Coder&) = default;
};

/// Writes what it is given.
class StreamEncoder final : public Coder {
   public:
    symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) override;
    bool bit(std::uint32_t ones, unsigned bits, bool known) override;
    /// Bytes written so far.
    [[nodiscard]] std::size_t size() const { return range_.size(); }
    /// Ends the stream and returns its bytes.
    [[nodiscard]] Bytes finish() { return range_.finish(); }

   private:
    entropy::RangeEncoder range_;
};

/// Reads what a StreamEncoder wrote when it was asked the same questions. Any bytes decode to something.
class StreamDecoder final : public Coder {
   public:
    /// The span must outlive the decoder.
    explicit StreamDecoder(ByteSpan code) : range_(code) {}
    symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) override;
    bool bit(std::uint32_t ones, unsigned bits, bool known) override;
    /// Bytes read so far.
    [[nodiscard]] std::size_t position() const { return range_.position(); }

   private:
    entropy::RangeDecoder range_;
};

/// Adds up the ideal code length of what it is given: -log2 of its share, in bits, a chain of double
/// additions.
class StreamMeter final : public Coder {
   public:
    symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) override;
    bool bit(std::uint32_t ones, unsigned bits, bool known) override;
    [[nodiscard]] double bits() const { return bits_; }

   private:
    double bits_ = 0;
};

/// Says what it is given and nothing else: for a predictor that must learn what others have coded.
class StreamTeacher final : public Coder {
   public:
    symbols::Symbol symbol(std::span<const std::uint32_t>, symbols::Symbol known) override { return known; }
    bool bit(std::uint32_t, unsigned, bool known) override { return known; }
};

/// Asks for a byte as eight bits, the most significant first. `bits` is what predicts them: predict() gives
/// the shares of a one of 2^kBits, accept(bit) is told what came.
template <unsigned kBits, class Bits>
symbols::Symbol code_byte(Bits& bits, Coder& coder, symbols::Symbol known) {
    unsigned byte = 0;
    for (int shift = 7; shift >= 0; --shift) {
        const bool bit = coder.bit(bits.predict(), kBits, (known >> shift & 1) != 0);
        bits.accept(bit);
        byte = byte << 1 | static_cast<unsigned>(bit);
    }
    return static_cast<symbols::Symbol>(byte);
}

}  // namespace bitlaw::predict
