#include "bitlaw/predict/refinement.hpp"

#include <algorithm>
#include <array>

namespace bitlaw::predict {
namespace {

// A step of 2^-6 towards the bit.
constexpr int kRate = 6;

}  // namespace

Refinement::Refinement(std::size_t contexts) {
    std::array<std::uint16_t, kPoints> points{};
    for (std::size_t i = 0; i < kPoints; ++i) {
        const std::int32_t whole = static_cast<std::int32_t>(i) - 12;
        points[i] = static_cast<std::uint16_t>(probability_of(whole * (1 << kFineBits)) >> 16);
    }
    map_.resize(contexts * kPoints);
    for (auto place = map_.begin(); place != map_.end(); place += kPoints) {
        std::copy(points.begin(), points.end(), place);
    }
}

std::uint32_t Refinement::predict(std::int32_t fine, std::size_t context) {
    const auto above = static_cast<std::uint32_t>(fine + kReach);  // > 0
    const std::uint32_t point = above >> kFineBits;
    const std::uint32_t share = above & ((1U << kFineBits) - 1);
    std::uint16_t* const lower = map_.data() + context * kPoints + point;
    nearer_ = lower + (share >> (kFineBits - 1));
    return (lower[0] * ((1U << kFineBits) - share) + lower[1] * share) >> kFineBits;
}

void Refinement::accept(int bit) {
    const int target = bit != 0 ? 65535 : 0;
    *nearer_ = static_cast<std::uint16_t>(*nearer_ + ((target - *nearer_) >> kRate));
}

}  // namespace bitlaw::predict
