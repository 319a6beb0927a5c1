#pragma once
/// \file The two inner loops of a mixer of log odds. Whole numbers only: class A without further care.

#include <cstddef>
#include <cstdint>

namespace bitlaw::kernels {

/// Inputs of a mixer come in groups of this many, the last one filled up with zeros.
inline constexpr std::size_t kMixingLanes = 16;
/// The largest number of inputs, a multiple of kMixingLanes.
inline constexpr std::size_t kMaxMixingInputs = 256;

/// Widths. An input is a number x in -2^13 < x < 2^13, stored as x * 2^16. A weight w is any 32-bit number,
/// of which a product takes the upper half h = floor(w / 2^16), -2^15 <= h < 2^15. So |h x| < 2^28, a term
/// floor(h x / 2^6) lies within 2^22, and a sum of at most 2^8 terms within 2^30: no sum overflows in any
/// order, and every order gives the same sum. A step e of training lies in -2^15 < e < 2^15, so |x e| < 2^28,
/// and a weight is kept in -kMaxWeight .. kMaxWeight with kMaxWeight + 2^28 < 2^31: no sum overflows before
/// it is clamped.
inline constexpr std::int32_t kMaxMixingWeight = 0x7FFFFFFF - (std::int32_t{1} << 28);

inline constexpr std::size_t kMaxMixingSets = 16;
inline constexpr std::uint32_t kMixingFade = 256;

/// How fast a set learns: by how often it was trained, at most 65535 times.
struct MixingPace {
    std::uint16_t age;
    std::uint16_t rate;
};

/// What training needs to know beside the sums. With p = probability[clamp(floor(sum / 2^7) + 2048, 0, 4095)]
/// in units of 2^-16 a set's step and what becomes of its pace are
///     step = floor(((bit 2^16 - p) rate + 2^13) / 2^14)
///     age = min(age + 1, 65535)
///     rate = last_rate + floor(fade / (kMixingFade + age))
/// probability [4096] < 2^16, last_rate + fade / kMixingFade and rate < 2^13, so that |step| < 2^15.
struct MixingLesson {
    int bit;
    const std::uint16_t* probability;
    std::uint32_t last_rate;
    std::uint32_t fade;
};

/// The functions of one instruction set. `count` is a multiple of kMixingLanes, at most kMaxMixingInputs;
/// sets <= kMaxMixingSets.
struct MixingKernels {
    /// sums[s] = clamp(sum over i of floor(floor(weights[s][i] / 2^16) * (inputs[i] / 2^16) / 2^6), -bound,
    /// bound). inputs [count], weights [sets][count], sums [sets rounded up to whole groups of four].
    void (*dot)(const std::int32_t* inputs, std::size_t count, const std::int32_t* const* weights,
                std::size_t sets, std::int32_t bound, std::int32_t* sums);
    /// weights[s][i] = clamp(weights[s][i] + (inputs[i] / 2^16) * step, -kMaxMixingWeight, kMaxMixingWeight)
    /// with the step of sums[s] and *paces[s], which moves on. Sets and paces of one call lie apart.
    void (*train)(const std::int32_t* inputs, std::size_t count, std::int32_t* const* weights,
                  std::size_t sets, const std::int32_t* sums, MixingPace* const* paces,
                  const MixingLesson& lesson);
};

/// Those of the instruction set in force (kernels/isa.hpp).
[[nodiscard]] const MixingKernels& mixing_kernels();

}  // namespace bitlaw::kernels
