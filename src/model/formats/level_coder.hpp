#pragma once
/// \file What the formats that code levels share: adaptive bits, numbers, steps of rows, and the way through
/// a matrix. Class A.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/entropy/range_coder.hpp"
#include "bitlaw/model/quantised_rows.hpp"
#include "bitlaw/model/weight_format.hpp"
#include "finite.hpp"

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

/// A weight format of levels. Its Scheme has
///   Matrix               what is coded of a matrix: begin_row(coder, step), level(coder, column, level)
///   rows(tensor)         how a tensor is cut into rows that have a step each
///   step(row)            the step of a row that stands on levels; none: it does not
///   round(row, step)     puts it there
///   kStep                step / root mean square of a row that is put there, of embedding and output half of
///   it
/// Tensors without levels are stored as bf16.
template <class Scheme>
struct LevelFormat {
    static void encode(const Tensor& tensor, std::span<const float> weights, ByteWriter& writer) {
        require_finite(tensor, weights);
        if (!has_levels(tensor)) {
            kBf16Weights.encode(tensor, weights, writer);
            return;
        }
        const Bytes code = matrix_bytes(tensor, weights);
        writer.varint(code.size());
        writer.bytes(code);
    }

    static void decode(const Tensor& tensor, std::span<float> weights, ByteReader& reader,
                       const std::string& name) {
        if (!has_levels(tensor)) {
            kBf16Weights.decode(tensor, weights, reader, name);
            return;
        }
        const std::uint64_t size = reader.varint();
        if (size > reader.remaining()) {
            fail(name, " is damaged: the levels of ", tensor.name, " say that they have ", size,
                 " bytes; copy it again or train it again");
        }
        const ByteSpan code = reader.bytes(static_cast<std::size_t>(size));
        entropy::RangeDecoder decoder(code);
        BitReader coder{decoder};
        const StoredRows rows = Scheme::rows(tensor);
        typename Scheme::Matrix matrix(rows.columns);
        std::vector<float> row(rows.columns);
        for (std::size_t r = 0; r < rows.rows; ++r) {
            const float step = step_at(matrix.begin_row(coder, 0));
            for (std::size_t c = 0; c < rows.columns; ++c) {
                row[c] = static_cast<float>(matrix.level(coder, c, 0)) * step;
            }
            rows.put(row, r, weights);
        }
        // Any bytes decode to some levels; only those that the writer writes for them are right.
        const Bytes again = matrix_bytes(tensor, weights);
        if (!std::equal(again.begin(), again.end(), code.begin(), code.end())) {
            fail(name, " is damaged: the levels of ", tensor.name,
                 " are not as they are written; copy it again or train it again");
        }
    }

    static void project(const Tensor& tensor, std::span<float> weights) {
        require_finite(tensor, weights);
        if (!has_levels(tensor)) {
            kBf16Weights.project(tensor, weights);
            return;
        }
        const StoredRows rows = Scheme::rows(tensor);
        std::vector<float> row(rows.columns);
        for (std::size_t r = 0; r < rows.rows; ++r) {
            rows.get(weights, r, row);
            (void)settle(tensor, row);
            rows.put(row, r, weights);
        }
    }

   private:
    // The row's step, after rounding the row to one if need be.
    static std::size_t settle(const Tensor& tensor, std::span<float> row) {
        std::optional<QuantisedRow> found = Scheme::step(row);
        if (!found) {
            const bool is_finer = tensor.group == Group::table || tensor.group == Group::output;
            Scheme::round(
                row, nearest_step(root_mean_square(row) * (is_finer ? Scheme::kStep / 2 : Scheme::kStep)));
            found = Scheme::step(row);
            BITLAW_ASSERT(found.has_value());
        }
        return found->step;
    }

    static Bytes matrix_bytes(const Tensor& tensor, std::span<const float> weights) {
        const StoredRows rows = Scheme::rows(tensor);
        entropy::RangeEncoder encoder;
        BitWriter coder{encoder};
        typename Scheme::Matrix matrix(rows.columns);
        std::vector<float> row(rows.columns);
        for (std::size_t r = 0; r < rows.rows; ++r) {
            rows.get(weights, r, row);
            const std::size_t step = settle(tensor, row);
            (void)matrix.begin_row(coder, step);
            for (std::size_t c = 0; c < rows.columns; ++c) {
                (void)matrix.level(coder, c, level_of(row[c], step));
            }
        }
        return encoder.finish();
    }
};

}  // namespace bitlaw::model
