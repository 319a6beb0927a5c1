#include "bitlaw/predict/mixer.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {
namespace {

constexpr std::size_t kMaxGroups = kernels::kMaxMixingSets;
constexpr std::int32_t kUnit = 1 << 28;
constexpr std::int32_t kFinalUnit = 1 << 20;
constexpr std::int64_t kMaxFinalWeight = std::int64_t{1} << 24;

// Layer one: a step is rate / 2^18 times error times input, and falls with a set's age.
constexpr std::uint32_t kLastRate = 400;
constexpr std::uint32_t kFade = 4000 * kernels::kMixingFade;
// Layer two: rate / 2^12.
constexpr std::int64_t kFinalRate = 3;

}  // namespace

Mixer::Mixer(const MixerShape& shape)
    : shape_(shape),
      kernels_(kernels::mixing_kernels()),
      tables_(odds_tables()),
      padded_((shape.inputs + kernels::kMixingLanes - 1) / kernels::kMixingLanes * kernels::kMixingLanes),
      count_(shape.groups.size()),
      inputs_(padded_ + kernels::kMixingLanes, 0),
      chosen_(count_ + 1, 0),
      rows_(count_),
      sums_(kMaxGroups) {
    BITLAW_ASSERT(padded_ <= kernels::kMaxMixingInputs && count_ >= 1 && count_ <= kMaxGroups);
    std::size_t sets = 0;
    for (const std::size_t of_group : shape.groups) {
        first_set_.push_back(sets);
        sets += of_group;
    }
    weights_.assign(sets * padded_, shape.first_weight * (kUnit >> 16));
    if (shape.trusted_weight != 0) {
        for (std::size_t set = 0; set < sets; ++set) {
            weights_[set * padded_ + shape.trusted_input] = shape.trusted_weight * (kUnit >> 16);
        }
    }
    final_weights_.assign(shape.final_sets * count_, kFinalUnit / static_cast<std::int32_t>(count_));
    paces_.assign(sets, {0, kLastRate + kFade / kernels::kMixingFade});
}

std::int32_t Mixer::predict() {
    for (std::size_t g = 0; g < count_; ++g) {
        rows_[g] = weights_.data() + (first_set_[g] + chosen_[g]) * padded_;
    }
    kernels_.dot(inputs_.data(), padded_, rows_.data(), count_, kMaxFineOdds, sums_.data());
    const std::int32_t* const weights = final_weights_.data() + chosen_[count_] * count_;
    std::int64_t sum = 0;
    for (std::size_t g = 0; g < count_; ++g) {
        sum += std::int64_t{weights[g]} * sums_[g];
    }
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(sum >> 20, -kMaxFineOdds, kMaxFineOdds));
}

void Mixer::update(int bit, std::uint32_t p) {
    std::array<kernels::MixingPace*, kMaxGroups> paces;
    for (std::size_t g = 0; g < count_; ++g) {
        paces[g] = &paces_[first_set_[g] + chosen_[g]];
    }
    kernels_.train(inputs_.data(), padded_, rows_.data(), count_, sums_.data(), paces.data(),
                   {bit, tables_.probability.data(), kLastRate, kFade});
    std::int32_t* const weights = final_weights_.data() + chosen_[count_] * count_;
    // error: 2^24 is 1; sum: 2^14 is 1 bit; their product over 2^16, times the rate, over 2^14, in units of
    // 2^-20.
    const std::int64_t error = ((std::int64_t{bit} << 32) - std::int64_t{p}) >> 8;
    for (std::size_t g = 0; g < count_; ++g) {
        const std::int64_t step = (error * sums_[g] >> 16) * kFinalRate >> 14;
        weights[g] = static_cast<std::int32_t>(
            std::clamp<std::int64_t>(weights[g] + step, -kMaxFinalWeight, kMaxFinalWeight));
    }
}

}  // namespace bitlaw::predict
