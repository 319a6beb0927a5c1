#include "bitlaw/predict/experts/external.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

void External::set(std::span<const std::uint32_t> frequencies) {
    if (frequencies.empty()) {
        sums_[1] = 0;
        doubt_ = 0;
        return;
    }
    BITLAW_ASSERT(frequencies.size() == 256);
    std::copy(frequencies.begin(), frequencies.end(), sums_.begin() + 256);
    for (std::size_t node = 255; node >= 1; --node) {
        sums_[node] = sums_[2 * node] + sums_[2 * node + 1];
    }
    const std::uint32_t largest = *std::max_element(frequencies.begin(), frequencies.end());
    doubt_ = static_cast<std::uint32_t>(std::min((log2_of(sums_[1]) - log2_of(largest)) >> 15, 7));
}

void External::predict(std::uint32_t node, Mixer& mixer, std::size_t first) const {
    if (sums_[1] == 0) {
        mixer.set(first, 0);
        mixer.set(first + 1, 0);
        return;
    }
    const std::int32_t odds = odds_of_ratio(sums_[2 * node + 1], sums_[2 * node]);
    mixer.set(first, odds);
    // 2^16 is 1; an input of half that unit's size is two bits of log odds.
    mixer.set(first + 1, (odds_tables().coarse(odds * (1 << (kFineBits - kOddsBits))) - 32768) >> 6);
}

}  // namespace bitlaw::predict
