#include "bitlaw/model/rotary.hpp"

#include "bitlaw/base/math.hpp"

namespace bitlaw::model {

RotaryAngles::RotaryAngles(const RotarySpec& spec) {
    constexpr double kTurnsPerRadian = 0.15915494309189533577;  // 1 / (2 pi)
    constexpr double kTwoTo64 = 18446744073709551616.0;
    const double log2_base = spec.width > 0 ? exact_log2(spec.base) : 0.0;
    const auto width = static_cast<double>(spec.width);
    for (std::size_t pair = 0; pair < spec.width / 2; ++pair) {
        const double exponent = -2.0 * static_cast<double>(pair) / width;
        const double turns = exact_exp2(exponent * log2_base) * kTurnsPerRadian;
        frequencies_.push_back(static_cast<std::uint64_t>(turns * kTwoTo64));
    }
    frequencies_.resize((spec.width + 15) / 16 * 8);
}

void RotaryAngles::fill(std::uint64_t position, float* cosine, float* sine) const {
    for (std::size_t pair = 0; pair < frequencies_.size(); ++pair) {
        const SinCos value = exact_sincos(position * frequencies_[pair]);
        cosine[pair] = static_cast<float>(value.cosine);
        sine[pair] = static_cast<float>(value.sine);
    }
}

}  // namespace bitlaw::model
