#pragma once
/// \file Log odds of a bit in fixed point, and probabilities back from them. Whole numbers only, class A.
///
/// The log odds of a probability p of a one are log2(p / (1 - p)), in bits: base 2, so that both directions
/// are a shift and a small table. Predictors hand them over in units of 2^-8 bits ("odds"); a mixer's sum is
/// finer, in units of 2^-14 bits ("fine odds").

#include <array>
#include <bit>
#include <cstdint>

namespace bitlaw::predict {

inline constexpr int kOddsBits = 8;
inline constexpr int kFineBits = 14;

/// Largest log odds: 26 bits in fine units. A sure bit then costs 2^-26 / ln 2 bits, and a byte of
/// eight 1.7e-7.
inline constexpr std::int32_t kMaxFineOdds = 26 << kFineBits;
/// The same in units of 2^-8, within the 2^13 that kernels/mixing.hpp allows.
inline constexpr std::int32_t kMaxOdds = 26 << kOddsBits;

/// floor(log2(x) * 2^16) for x >= 1, exact to 2 units.
[[nodiscard]] std::int32_t log2_of(std::uint64_t x);

/// round(2^32 / (1 + 2^-(fine / 2^14))), from a table and one division; relative error of the smaller of p
/// and 1 - p below 2^-10 at 26 bits, 2^-17 up to 16 bits. |fine| <= kMaxFineOdds; the result is in 2^6 ..
/// 2^32 - 2^6.
[[nodiscard]] std::uint32_t probability_of(std::int32_t fine);

/// log2(ones / zeros) in units of 2^-8, clamped to kMaxOdds. ones, zeros >= 1.
[[nodiscard]] std::int32_t odds_of_ratio(std::uint64_t ones, std::uint64_t zeros);

/// floor(2 log2(a / b)), from log2_of(). a, b >= 1.
[[nodiscard]] std::int32_t half_bits_of_ratio(std::uint64_t a, std::uint64_t b);

/// The tables that predictors read in their inner loops.
struct OddsTables {
    OddsTables();
    /// Log odds of (i + 1/2) / 4096, in units of 2^-8.
    std::array<std::int16_t, 4096> odds;
    /// 2^16 / (1 + 2^-((i - 2048) / 2^7)), in 1 .. 65535: log odds of -16 .. 16 bits.
    std::array<std::uint16_t, 4096> probability;
    /// 2^31 2^-(i / 256), for probability_of.
    std::array<std::uint32_t, 257> power;
    /// log2(1 + i / 256) in units of 2^-16, for quick_log2().
    std::array<std::uint32_t, 257> logarithm;

    /// log2(x) in units of 2^-16 for x >= 1, within 3 units of log2_of(x): the table's lines are at most 2
    /// below the logarithm (1 and one for rounding), the chord between them 0.2 more, and it is rounded down.
    [[nodiscard]] std::int32_t quick_log2(std::uint64_t x) const {
        const auto whole = static_cast<unsigned>(std::bit_width(x)) - 1;
        const std::uint64_t fraction = whole == 0 ? 0 : x << (64 - whole);  // in units of 2^-64
        const std::size_t line = fraction >> 56;
        const std::uint64_t share = fraction >> 40 & 0xFFFF;
        const std::uint64_t between = (logarithm[line + 1] - logarithm[line]) * share >> 16;
        return static_cast<std::int32_t>((whole << 16) + logarithm[line] + between);
    }

    /// A probability in units of 2^-16 from fine odds, for what needs no more than that.
    [[nodiscard]] std::int32_t coarse(std::int32_t fine) const {
        const std::int32_t i = (fine >> 7) + 2048;
        return probability[static_cast<std::size_t>(i < 0 ? 0 : i > 4095 ? 4095 : i)];
    }
};

[[nodiscard]] const OddsTables& odds_tables();

}  // namespace bitlaw::predict
