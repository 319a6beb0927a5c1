#include "bitlaw/predict/frequencies.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::predict {

using namespace entropy;
using namespace symbols;
using namespace kernels;

namespace {

// Frequencies that one partial sum covers: 64 of them stay below 2^32, and a fixed count lets the compiler
// use vectors.
constexpr std::size_t kGroup = 64;
constexpr std::size_t kMostSymbols = 131072;
static_assert(std::uint64_t{kGroup} * kMaxFrequency < std::uint64_t{1} << 32);
static_assert(std::uint64_t{kMostSymbols} * kMaxFrequency == kMaxTotal);

std::uint32_t group_sum(const std::uint32_t* frequency) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kGroup; ++i) {
        sum += frequency[i];
    }
    return sum;
}

std::uint64_t sum_of(std::span<const std::uint32_t> frequency) {
    std::uint64_t sum = 0;
    std::size_t i = 0;
    for (; i + kGroup <= frequency.size(); i += kGroup) {
        sum += group_sum(frequency.data() + i);
    }
    for (; i < frequency.size(); ++i) {
        sum += frequency[i];
    }
    return sum;
}

// Not 0 when one of the `count` values is infinite or not a number.
std::uint32_t not_finite(const float* values, std::size_t count) {
    constexpr std::uint32_t kExponent = 0x7F800000;
    std::uint32_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
        found |=
            static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(values[i]) & kExponent) == kExponent);
    }
    return found;
}

bool all_finite(std::span<const float> values) {
    std::uint32_t found = 0;
    std::size_t i = 0;
    for (; i + kGroup <= values.size(); i += kGroup) {
        found |= not_finite(values.data() + i, kGroup);
    }
    return (found | not_finite(values.data() + i, values.size() - i)) == 0;
}

}  // namespace

void frequencies_of(std::span<const float> logits, std::span<std::uint32_t> frequency) {
    if (!all_finite(logits)) {
        fail(
            "the model's prediction is not a number: its weights are too large or it is damaged; "
            "use another model");
    }
    kernel_table().frequencies({logits.data(), logits.size()}, 1, logits.size(),
                               {frequency.data(), frequency.size()});
}

void frequencies_of_any(std::span<const float> logits, std::span<std::uint32_t> frequency) {
    if (all_finite(logits)) {
        frequencies_of(logits, frequency);
    } else {
        std::fill(frequency.begin(), frequency.end(), 1U);
    }
}

Interval interval_of(std::span<const std::uint32_t> frequency, Symbol symbol) {
    BITLAW_ASSERT(symbol < frequency.size());
    const std::uint64_t start = sum_of(frequency.first(symbol));
    return {start, frequency[symbol], start + sum_of(frequency.subspan(symbol))};
}

double symbol_bits(std::span<const std::uint32_t> frequency, Symbol symbol) {
    BITLAW_ASSERT(symbol < frequency.size());
    return exact_log2(static_cast<double>(sum_of(frequency))) -
           exact_log2(static_cast<double>(frequency[symbol]));
}

void encode_symbol(RangeEncoder& coder, std::span<const std::uint32_t> frequency, Symbol symbol) {
    coder.encode(interval_of(frequency, symbol));
}

Symbol decode_symbol(RangeDecoder& coder, std::span<const std::uint32_t> frequency) {
    BITLAW_ASSERT(!frequency.empty() && frequency.size() <= kMostSymbols);
    std::array<std::uint32_t, kMostSymbols / kGroup> sums;
    const std::size_t groups = frequency.size() / kGroup;
    std::uint64_t total = sum_of(frequency.subspan(groups * kGroup));
    for (std::size_t group = 0; group < groups; ++group) {
        sums[group] = group_sum(frequency.data() + group * kGroup);
        total += sums[group];
    }
    const std::uint64_t target = coder.target(total);
    std::uint64_t start = 0;
    std::size_t group = 0;
    while (group < groups && target - start >= sums[group]) {
        start += sums[group++];
    }
    std::size_t symbol = group * kGroup;
    while (target - start >= frequency[symbol]) {
        start += frequency[symbol++];
    }
    coder.accept({start, frequency[symbol], total});
    return static_cast<Symbol>(symbol);
}

}  // namespace bitlaw::predict
