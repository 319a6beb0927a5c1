#include "bitlaw/model/rotary.hpp"

#include "bitlaw/base/math.hpp"

namespace bitlaw::model {

RotaryAngles::RotaryAngles(const ModelConfig& config) {
    constexpr double kTurnsPerRadian = 0.15915494309189533577;  // 1 / (2 pi)
    constexpr double kTwoTo64 = 18446744073709551616.0;
    const double log2_base = exact_log2(config.rotary_base);
    for (std::uint32_t pair = 0; pair < config.head_width / 2; ++pair) {
        const double exponent = -2.0 * pair / config.head_width;
        const double turns = exact_exp2(exponent * log2_base) * kTurnsPerRadian;
        frequencies_.push_back(static_cast<std::uint64_t>(turns * kTwoTo64));
    }
}

void RotaryAngles::fill(std::uint64_t position, float* cosine, float* sine) const {
    for (std::size_t pair = 0; pair < frequencies_.size(); ++pair) {
        const SinCos value = exact_sincos(position * frequencies_[pair]);
        cosine[pair] = static_cast<float>(value.cosine);
        sine[pair] = static_cast<float>(value.sine);
    }
}

}  // namespace bitlaw::model
