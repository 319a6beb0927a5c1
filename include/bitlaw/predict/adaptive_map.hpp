#pragma once
/// \file Probabilities that follow the bits: a step of 1 / (n + 1.5) after n bits, down to a limit. Class A.

#include <array>
#include <cstdint>
#include <vector>

namespace bitlaw::predict {

/// A probability of a one in the upper 22 bits, how often it was trained in the lower 10.
using Counted = std::uint32_t;

/// Steps 2^16 / (n + 1.5), of n = 0 .. 1023.
struct CountedSteps {
    CountedSteps();
    std::array<std::int32_t, 1024> step;
};

[[nodiscard]] const CountedSteps& counted_steps();

/// The probability in units of 2^-12.
[[nodiscard]] inline std::uint32_t p12(Counted slot) { return slot >> 20; }
[[nodiscard]] inline std::uint32_t p16(Counted slot) { return slot >> 16; }

/// A fresh slot with this probability, in units of 2^-16.
[[nodiscard]] constexpr Counted counted(std::uint32_t p, std::uint32_t seen = 0) { return p << 16 | seen; }

/// One step towards the bit; `limit` <= 1023 bounds n. The product stays below 2^22 2^16 2/3 < 2^38.
inline void learn(Counted& slot, int bit, std::uint32_t limit, const CountedSteps& steps) {
    const std::uint32_t seen = slot & 1023;
    const auto p = static_cast<std::int32_t>(slot >> 10);
    const std::int32_t target = bit != 0 ? (1 << 22) - 1 : 0;
    const std::int64_t move = std::int64_t{target - p} * steps.step[seen] >> 16;
    slot = static_cast<std::uint32_t>(p + static_cast<std::int32_t>(move)) << 10 |
           (seen < limit ? seen + 1 : limit);
}

}  // namespace bitlaw::predict
