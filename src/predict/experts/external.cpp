#include "bitlaw/predict/experts/external.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/distribution.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

void External::set(std::span<const std::uint32_t> frequencies) {
    if (frequencies.empty()) {
        sums_[1] = 0;
        doubt_ = 0;
        expected_ = 0;
        return;
    }
    BITLAW_ASSERT(frequencies.size() == 256);
    const kernels::DistributionKernels& distribution = kernels::distribution_kernels();
    distribution.tree(frequencies.data(), sums_.data());
    const kernels::Largest largest = distribution.largest(frequencies.data());
    expected_ = largest.first << 8 | largest.second;
    doubt_ = static_cast<std::uint32_t>(std::min(half_bits_of_ratio(sums_[1], largest.frequency), 7));
}

std::uint32_t External::odds_class() const {
    return static_cast<std::uint32_t>(
        std::clamp((odds_ + (1 << (kOddsBits - 2))) >> (kOddsBits - 1), -16, 15) + 16);
}

External::Opinion External::opinion(std::uint32_t node) {
    odds_ = sums_[1] == 0 ? 0 : odds_of_ratio(sums_[2 * node + 1], sums_[2 * node]);
    // 2^16 is 1; an input of half that unit's size is two bits of log odds.
    return {odds_, (odds_tables().coarse(odds_ * (1 << (kFineBits - kOddsBits))) - 32768) >> 6};
}

void External::predict(std::uint32_t node, Mixer& mixer, std::size_t first) {
    const Opinion said = opinion(node);
    mixer.set(first, said.odds);
    mixer.set(first + 1, said.lean);
}

}  // namespace bitlaw::predict
