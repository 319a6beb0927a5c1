#pragma once
/// \file The two inner loops of the light mixer: eight contexts' bit histories, four weight sets whose sum
/// weighs their log odds, and back from the bit that came. Whole numbers decide: class A without further
/// care.

#include <cstddef>
#include <cstdint>

namespace bitlaw::kernels {

inline constexpr std::size_t kLightContexts = 8;
/// What a mixer hears beside its contexts.
inline constexpr std::size_t kLightOthers = 5;
/// Numbers of a weight set: those of the contexts, of the others, and zeros.
inline constexpr std::size_t kLightInputs = 16;
inline constexpr std::size_t kLightSets = 4;

/// Widths. Inputs are -2^13 < x < 2^13. A weight lies within 2^29 - 1, so that the sum of four does not
/// overflow; of that the product takes the upper half h, -2^15 <= h < 2^15. So |h x| < 2^28, a term
/// floor(h x / 2^6) lies within 2^22, and a sum of 16 terms within 2^26. A step lies in -2^15 < e < 2^15, so
/// that no weight overflows before it is clamped.
inline constexpr std::int32_t kMaxLightWeight = (std::int32_t{1} << 29) - 1;

/// What the loops know of one bit's contexts.
struct LightLanes {
    /// The address before a slot: the state of node n of the nibble's tree is byte n, 1 <= n <= 15. Slots may
    /// be the same; the last one's state stays.
    std::uint8_t* slots[kLightContexts] = {};
    /// Rows of kLightInputs numbers at multiples of 64 bytes; the four lie apart.
    std::int32_t* weights[kLightSets] = {};
    /// Inputs of whoever is no context.
    std::int32_t others[kLightOthers] = {};
    /// Adaptive probabilities by state: 22 bits of a probability of a one above 10 bits that count how often
    /// it was trained.
    std::uint32_t maps[kLightContexts][256] = {};

    // Of the bit, from look() to learn(), with room for whole groups of lanes.
    alignas(64) std::int32_t inputs[kLightInputs] = {};  // times 2^16
    alignas(64) std::int32_t values[kLightInputs] = {};
    std::uint8_t states[kLightContexts] = {};
};

struct LightKernels {
    /// With odds [4096] of a probability in units of 2^-12, i < kLightContexts, k < kLightOthers:
    ///     state = slots[i][path], x_i = odds[maps[i][state] / 2^20], x_(8 + k) = others[k]
    ///     result = sum over i of floor(floor((sum over s of weights[s][i]) / 2^16) x_i / 2^6)
    std::int32_t (*look)(LightLanes& lanes, std::uint32_t path, const std::int16_t* odds);
    /// With the state, x and probability p (count n) that look() used, next [256] of the bit:
    ///     p += (target - p) floor(2^17 / (2 n + 3)) >> 16,  n = min(n + 1, 1023),  target 0 or 2^22 - 1
    ///     weights[s][i] = clamp(weights[s][i] + x_i step, -kMaxLightWeight, kMaxLightWeight)
    ///     slots[i][path] = next[state]
    void (*learn)(LightLanes& lanes, std::uint32_t path, int bit, const std::uint8_t* next,
                  std::int32_t step);
};

/// Those of the instruction set in force (kernels/isa.hpp).
[[nodiscard]] const LightKernels& light_kernels();

}  // namespace bitlaw::kernels
