#pragma once
/// \file What the formats that code levels share: adaptive bits, numbers, steps of rows. Class A.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/entropy/range_coder.hpp"
#include "bitlaw/model/quantised_rows.hpp"

namespace bitlaw::model {

/// The probability of a one, by two averages that adapt at different rates: share / 2^17.
class AdaptiveBit {
   public:
    static constexpr unsigned kBits = 17;
    [[nodiscard]] std::uint32_t ones() const {
        // At least 2^-11, so that a model file of few bytes cannot stand for a great model.
        return std::clamp<std::uint32_t>(std::uint32_t{fast_} + slow_, 64, (1U << kBits) - 64);
    }
    /// Begins at a probability that is worth a few bits seen.
    void begin(std::uint16_t ones) {
        fast_ = ones;
        slow_ = ones;
        seen_ = 3;
    }
    void update(bool bit) {
        const auto toward = [&](std::uint16_t& share, unsigned rate) {
            const int target = bit ? 65535 : 0;
            share = static_cast<std::uint16_t>(share + (target - share) / (1 << rate));
        };
        toward(fast_, std::min(seen_ + 1U, 5U));
        toward(slow_, std::min(seen_ + 1U, 8U));
        seen_ = std::min(seen_ + 1U, 7U);
    }

   private:
    std::uint16_t fast_ = 32768;
    std::uint16_t slow_ = 32768;
    unsigned seen_ = 0;
};

// One code for both directions: bit(ones, bits, value) is the value, written or read.
struct BitWriter {
    entropy::RangeEncoder& coder;
    bool bit(std::uint32_t ones, unsigned bits, bool value) {
        coder.encode_bit(ones, bits, value);
        return value;
    }
};
struct BitReader {
    entropy::RangeDecoder& coder;
    bool bit(std::uint32_t ones, unsigned bits, bool) { return coder.decode_bit(ones, bits); }
};

template <class Coder>
bool adaptive(Coder& coder, AdaptiveBit& model, bool value) {
    const bool bit = coder.bit(model.ones(), AdaptiveBit::kBits, value);
    model.update(bit);
    return bit;
}

/// Numbers 0 .. 2^16 - 1: one by one up to kUnary, then by their length in bits and the bits behind the
/// first.
class NumberModel {
   public:
    static constexpr std::uint32_t kUnary = 14;
    template <class Coder>
    std::uint32_t code(Coder& coder, std::uint32_t value) {
        for (std::uint32_t i = 0; i < kUnary; ++i) {
            if (!adaptive(coder, unary_[i], value > i)) {
                return i;
            }
        }
        const std::uint32_t rest = value - kUnary + 1;  // at least 1
        unsigned length = 0;                            // bits behind the first
        while (length < 15 && adaptive(coder, length_[length], (rest >> (length + 1)) != 0)) {
            ++length;
        }
        std::uint32_t read = 1;
        for (unsigned i = length; i-- > 0;) {
            read = read << 1 | static_cast<std::uint32_t>(coder.bit(1, 1, (rest >> i & 1) != 0));
        }
        return read + kUnary - 1;
    }

   private:
    std::array<AdaptiveBit, kUnary> unary_{};
    std::array<AdaptiveBit, 15> length_{};
};

/// Steps of rows, each as a difference from that of the row before.
class StepModel {
   public:
    template <class Coder>
    std::size_t code(Coder& coder, std::size_t value, std::size_t before) {
        const auto difference = static_cast<std::int32_t>(value) - static_cast<std::int32_t>(before);
        // 0, -1, 1, -2, 2, ... ; of 256 steps in a circle, so that every code is one.
        const auto folded = static_cast<std::uint32_t>(difference < 0 ? -2 * difference - 1 : 2 * difference);
        const std::uint32_t code = numbers_.code(coder, folded);
        const auto half = static_cast<std::int32_t>(code / 2);
        return static_cast<std::size_t>(static_cast<std::int32_t>(before) +
                                        ((code & 1) != 0 ? -half - 1 : half)) %
               kSteps;
    }

   private:
    NumberModel numbers_;
};

/// The code of a tensor's levels, which stands behind its length. Throws Error when it is cut short.
inline ByteSpan read_code(const Tensor& tensor, ByteReader& reader, const std::string& name) {
    const std::uint64_t size = reader.varint();
    if (size > reader.remaining()) {
        fail(name, " is damaged: the levels of ", tensor.name, " say that they have ", size,
             " bytes; copy it again or train it again");
    }
    return reader.bytes(static_cast<std::size_t>(size));
}

/// Any bytes decode to some levels; only those that the writer writes for them are right.
inline void require_same_code(const Tensor& tensor, ByteSpan written, ByteSpan read,
                              const std::string& name) {
    if (!std::equal(written.begin(), written.end(), read.begin(), read.end())) {
        fail(name, " is damaged: the levels of ", tensor.name,
             " are not as they are written; copy it again or train it again");
    }
}

}  // namespace bitlaw::model
