#include "bitlaw/predict/refinement.hpp"

namespace bitlaw::predict {
namespace {

// A step of 2^-6 towards the bit.
constexpr int kRate = 6;

}  // namespace

Refinement::Refinement(std::size_t contexts) {
    map_.reserve(contexts * kPoints);
    for (std::size_t i = 0; i < contexts; ++i) {
        for (std::int32_t point = -12; point <= 12; ++point) {
            map_.push_back(static_cast<std::uint16_t>(probability_of(point * (1 << kFineBits)) >> 16));
        }
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
