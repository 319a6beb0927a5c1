#pragma once
// What the tests of the loops over contexts feed them with, and what these should make of a probability.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace bitlaw::test {

// One step of an adaptive probability towards the bit, as the kernels' headers say it, in 64 bits.
inline std::uint32_t plain_learn(std::uint32_t value, int bit, std::uint32_t limit) {
    const std::int64_t p = value >> 10;
    const std::int64_t seen = value & 1023;
    const std::int64_t target = bit != 0 ? (1 << 22) - 1 : 0;
    const std::int64_t moved = p + ((target - p) * ((1 << 17) / (2 * seen + 3)) >> 16);
    return static_cast<std::uint32_t>(moved) << 10 |
           static_cast<std::uint32_t>(std::min<std::int64_t>(seen + 1, limit));
}

// Log odds that differ for each probability [4096].
inline std::vector<std::int16_t> odds_ramp() {
    std::vector<std::int16_t> odds(4096);
    for (std::size_t i = 0; i < odds.size(); ++i) {
        odds[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(i * 3) - 6000);
    }
    return odds;
}

// Another state for each state.
inline std::array<std::uint8_t, 256> next_states() {
    std::array<std::uint8_t, 256> next{};
    for (std::size_t i = 0; i < next.size(); ++i) {
        next[i] = static_cast<std::uint8_t>(i * 7 + 3);
    }
    return next;
}

}  // namespace bitlaw::test
