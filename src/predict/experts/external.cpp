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

std::int32_t External::odds(std::uint32_t node) const {
    return odds_of_ratio(sums_[2 * node + 1], sums_[2 * node]);
}

}  // namespace bitlaw::predict
