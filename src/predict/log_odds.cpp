#include "bitlaw/predict/log_odds.hpp"

#include <algorithm>
#include <bit>

namespace bitlaw::predict {
namespace {

// floor(sqrt(x)), one bit of it after the other.
std::uint64_t root(std::uint64_t x) {
    std::uint64_t result = 0;
    for (int bit = 31; bit >= 0; --bit) {
        const std::uint64_t next = result | std::uint64_t{1} << bit;
        if (next * next <= x) {
            result = next;
        }
    }
    return result;
}

// 2^31 2^-(i / 256) for i = 0 .. 256, as products of repeated square roots of one half.
std::array<std::uint32_t, 257> make_powers() {
    // factor[k] = 2^-(2^-k), in units of 2^-32.
    std::array<std::uint64_t, 9> factor{};
    factor[0] = std::uint64_t{1} << 31;
    for (std::size_t k = 1; k < factor.size(); ++k) {
        factor[k] = root(factor[k - 1] << 32);
    }
    std::array<std::uint32_t, 257> table{};
    for (std::uint32_t i = 0; i < 257; ++i) {
        std::uint64_t power = std::uint64_t{1} << 31;
        for (std::size_t k = 0; k < factor.size(); ++k) {
            if ((i >> (8 - k) & 1U) != 0) {
                power = (power * factor[k]) >> 32;
            }
        }
        table[i] = static_cast<std::uint32_t>(power);
    }
    return table;
}

}  // namespace

std::int32_t log2_of(std::uint64_t x) {
    const int whole = static_cast<int>(std::bit_width(x)) - 1;
    // The mantissa in [1, 2), in units of 2^-31; squaring it moves the next bit of the logarithm in front.
    std::uint64_t mantissa = whole >= 31 ? x >> (whole - 31) : x << (31 - whole);
    std::int32_t result = whole;
    for (int i = 0; i < 16; ++i) {
        mantissa = (mantissa * mantissa) >> 31;
        const bool one = mantissa >> 32 != 0;
        result = result * 2 + (one ? 1 : 0);
        mantissa >>= one ? 1 : 0;
    }
    return result;
}

std::uint32_t probability_of(std::int32_t fine) {
    static const std::array<std::uint32_t, 257>& power = odds_tables().power;
    const auto size = static_cast<std::uint32_t>(fine < 0 ? -fine : fine);
    const std::uint32_t fraction = size & ((1U << kFineBits) - 1);
    const std::uint32_t i = fraction >> 6;
    const std::uint32_t share = fraction & 63;
    // 2^-size in units of 2^-37 by a straight line between the table's points.
    const std::uint64_t between =
        std::uint64_t{power[i]} * (64 - share) + std::uint64_t{power[i + 1]} * share;
    const std::uint64_t smaller = between >> (size >> kFineBits);
    constexpr std::uint64_t one = std::uint64_t{1} << 37;
    // 2^32 q / (1 + q) with q = smaller / 2^37 <= 1.
    const auto p = static_cast<std::uint32_t>((smaller << 26) / ((one + smaller) >> 6));
    return fine < 0 ? p : static_cast<std::uint32_t>(0) - p;
}

namespace {

// Both logarithms of the table are off by less than 4 units, so that the exact difference lies within 8 of
// theirs; where that does not decide, which is seldom, it is calculated.
std::int32_t difference(std::uint64_t a, std::uint64_t b, unsigned shift) {
    const OddsTables& tables = odds_tables();
    const std::int32_t near = tables.quick_log2(a) - tables.quick_log2(b);
    const std::int32_t result = (near - 8) >> shift;
    return result == (near + 8) >> shift ? result : (log2_of(a) - log2_of(b)) >> shift;
}

}  // namespace

std::int32_t odds_of_ratio(std::uint64_t ones, std::uint64_t zeros) {
    return std::clamp(difference(ones, zeros, 16 - kOddsBits), -kMaxOdds, kMaxOdds);
}

std::int32_t half_bits_of_ratio(std::uint64_t a, std::uint64_t b) { return difference(a, b, 15); }

OddsTables::OddsTables() : odds{}, probability{}, power(make_powers()), logarithm{} {
    for (std::uint32_t i = 0; i < 256; ++i) {
        logarithm[i] = static_cast<std::uint32_t>(log2_of(256 + i) - (8 << 16));
    }
    logarithm[256] = 1U << 16;
    for (std::uint32_t i = 0; i < 4096; ++i) {
        odds[i] = static_cast<std::int16_t>(std::clamp(
            (log2_of(2 * i + 1) - log2_of(8191 - 2 * i)) >> (16 - kOddsBits), -kMaxOdds, kMaxOdds));
    }
    for (std::int32_t i = 0; i < 4096; ++i) {
        const std::uint32_t size = static_cast<std::uint32_t>(i < 2048 ? 2048 - i : i - 2048);
        // q = 2^-(size / 128) in units of 2^-31.
        const std::uint64_t q = power[(size & 127) * 2] >> (size >> 7);
        const std::uint64_t p = (q << 16) / ((std::uint64_t{1} << 31) + q);
        const std::uint64_t clamped = std::max<std::uint64_t>(p, 1);
        probability[static_cast<std::size_t>(i)] =
            static_cast<std::uint16_t>(i < 2048 ? clamped : 65536 - clamped);
    }
}

const OddsTables& odds_tables() {
    static const OddsTables tables;
    return tables;
}

}  // namespace bitlaw::predict
