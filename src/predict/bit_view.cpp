#include "bitlaw/predict/bit_view.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

namespace {

constexpr std::size_t kSymbols = 256;
constexpr unsigned kFraction = 16;  // bits of a logarithm behind the point
constexpr unsigned kIndex = 8;      // bits of the mantissa that choose a line of the table

// log2(x / 2^31) in units of 2^-28, rounded down, for 2^31 <= x <= 2^32: a bit of the result for each
// squaring of the mantissa. Squaring rounds down, by 2^-31 of the value at the most, and the k-th bit sees
// the errors of k squarings: less than a unit of 2^-22, far below the table's 2^-16.
constexpr std::uint32_t log2_mantissa(std::uint64_t x) {
    std::uint32_t result = 0;
    for (unsigned bit = 0; bit < 28; ++bit) {
        x = x * x >> 31;
        result <<= 1;
        if (x >> 32 != 0) {
            result |= 1;
            x >>= 1;
        }
    }
    return result;
}

// log2(1 + i / 256) in units of 2^-16, rounded to nearest, and one line more for the interpolation.
constexpr std::array<std::uint32_t, (1 << kIndex) + 1> kLog2 = [] {
    std::array<std::uint32_t, (1 << kIndex) + 1> table{};
    for (std::size_t i = 0; i < table.size() - 1; ++i) {
        const std::uint64_t x = (std::uint64_t{1} << 31) + (std::uint64_t{i} << (31 - kIndex));
        table[i] = (log2_mantissa(x) + (1u << 11)) >> 12;
    }
    table.back() = 1u << kFraction;
    return table;
}();

// log2(x) in units of 2^-16 for 1 <= x <= 2^32. Between two lines of the table the chord lies at most
// log2(e) / (8 256^2) = 2.8e-6 below the logarithm, 0.18 units; the lines are off by half a unit and the
// product is rounded down by less than one.
std::int32_t log2_units(std::uint64_t x) {
    const auto whole = static_cast<unsigned>(std::bit_width(x)) - 1;
    const std::uint64_t mantissa = x << (32 - whole);  // 2^32 .. 2^33 - 1
    const std::size_t line = mantissa >> (32 - kIndex) & ((1u << kIndex) - 1);
    const std::uint64_t part = mantissa & ((std::uint64_t{1} << (32 - kIndex)) - 1);
    const std::uint64_t between = (kLog2[line + 1] - kLog2[line]) * part >> (32 - kIndex);
    return static_cast<std::int32_t>((whole << kFraction) + kLog2[line] + between);
}

// Fits into 32 bits for 255 symbols of 2^24.
template <std::size_t kCount>
std::uint32_t sum(const std::uint32_t* frequency) {
    std::uint32_t result = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
        result += frequency[i];
    }
    return result;
}

// Fixed counts let the compiler use vectors.
std::uint32_t sum_of(std::span<const std::uint32_t> frequency) {
    const std::uint32_t* f = frequency.data();
    switch (frequency.size()) {
        case 128: return sum<128>(f);
        case 64: return sum<64>(f);
        case 32: return sum<32>(f);
        case 16: return sum<16>(f);
        case 8: return sum<8>(f);
        case 4: return sum<4>(f);
        case 2: return sum<2>(f);
        case 1: return *f;
        default: break;
    }
    std::uint32_t result = 0;
    for (const std::uint32_t one : frequency) {
        result += one;
    }
    return result;
}

// Of `frequency` [V], the part from `first` on, at most `count` symbols; empty beyond the alphabet.
std::span<const std::uint32_t> part_of(std::span<const std::uint32_t> frequency, std::size_t first,
                                       std::size_t count) {
    first = std::min(first, frequency.size());
    return frequency.subspan(first, std::min(count, frequency.size() - first));
}

}  // namespace

std::uint32_t probability(const BitOdds& odds, unsigned bits) {
    BITLAW_ASSERT(bits >= 1 && bits <= 31);
    const std::uint64_t all = std::uint64_t{1} << bits;
    if (odds.total == 0) {
        return static_cast<std::uint32_t>(all / 2);
    }
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(odds.ones * all / odds.total, 1, all - 1));
}

std::int32_t fine_odds(const BitOdds& odds) {
    const std::uint64_t zeros = odds.total - odds.ones;
    if (odds.ones == 0 || zeros == 0) {
        return odds.ones == zeros ? 0 : odds.ones == 0 ? -kMaxFineOdds : kMaxFineOdds;
    }
    constexpr std::int32_t kUnit = 1 << (kFraction - kFineBits);
    return std::clamp((log2_units(odds.ones) - log2_units(zeros)) / kUnit, -kMaxFineOdds, kMaxFineOdds);
}

BitView::BitView(std::span<const std::uint32_t> frequency) : frequency_(frequency) {
    BITLAW_ASSERT(frequency.size() <= kSymbols);
    const std::uint64_t zeros = sum_of(part_of(frequency, 0, half_));
    odds_.ones = sum_of(part_of(frequency, half_, half_));
    odds_.total = odds_.ones + zeros;
}

void BitView::accept(bool bit) {
    BITLAW_ASSERT(!done());
    odds_.total = bit ? odds_.ones : odds_.total - odds_.ones;
    first_ += bit ? half_ : 0;
    half_ /= 2;
    look();
}

void BitView::look() { odds_.ones = done() ? 0 : sum_of(part_of(frequency_, first_ + half_, half_)); }

}  // namespace bitlaw::predict
