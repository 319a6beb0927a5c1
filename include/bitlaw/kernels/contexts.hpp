#pragma once
/// \file The two inner loops of hashed contexts: from bit histories to a mixer's inputs, and back from the
/// bit that came. Whole numbers decide: class A without further care.

#include <cstddef>
#include <cstdint>

namespace bitlaw::kernels {

inline constexpr std::size_t kMaxContextLanes = 32;

/// What the loops know of the contexts of one nibble. An adaptive probability is 22 bits of a probability of
/// a one above 10 bits that count how often it was trained (predict/adaptive_map.hpp). Those of different
/// contexts lie at different places; slots may be the same, and are trained in order.
struct ContextLanes {
    std::size_t count = 0;
    /// The address before a slot: the state of node n of the nibble's tree is byte n, 1 <= n <= 15.
    std::uint8_t* slots[kMaxContextLanes] = {};
    std::uint32_t* maps[kMaxContextLanes] = {};  ///< [256] by state
    std::uint32_t* runs[kMaxContextLanes] = {};  ///< [2] by the bit of the byte that is expected
    /// 256 + that byte; 0: none is. Lanes from `count` on are 0, in `states` too.
    alignas(64) std::int32_t expected[kMaxContextLanes] = {};

    // Of the bit, from look() to learn().
    alignas(64) std::uint32_t values[kMaxContextLanes] = {};
    alignas(64) std::uint32_t run_values[kMaxContextLanes] = {};
    alignas(64) std::int32_t agrees[kMaxContextLanes] = {};  ///< -1: the byte is still possible
    alignas(64) std::uint8_t states[kMaxContextLanes] = {};
    std::uint32_t* used[kMaxContextLanes] = {};
    std::uint32_t* run_used[kMaxContextLanes] = {};
};

/// Where a bit stands in its byte: `node` is the byte's bits so far with a one in front, `path` the nibble's,
/// `left` the number of bits that are to come.
struct BitPlace {
    std::uint32_t node;
    std::uint32_t path;
    std::uint32_t left;
};

struct ContextKernels {
    /// With odds [4096] of a probability in units of 2^-12, `single_end` the first state that saw both bits,
    /// and states from 1 on that saw any, for i < count:
    ///     state = slots[i][path], x = 2^16 odds[maps[i][state] / 2^20]
    ///     inputs[i] = x if 1 <= state < single_end, else 0
    ///     inputs[count + i] = x if state >= single_end, else 0
    ///     inputs[2 count + i] = 2^16 odds[runs[i][b] / 2^20] if expected[i] >> left = node, else 0
    /// with b the bit of expected[i] that comes next. Up to 15 inputs behind them are set to 0.
    void (*look)(ContextLanes& lanes, const BitPlace& place, std::uint32_t single_end,
                 const std::int16_t* odds, std::int32_t* inputs);
    /// One step of the probabilities that look() used (of runs: where the byte was possible) towards the bit,
    ///     p += (target - p) floor(2^17 / (2 n + 3)) >> 16,  n = min(n + 1, limit),
    /// limit 255 for maps and 1023 for runs, target 0 or 2^22 - 1; and slots[i][path] = next[that].
    void (*learn)(ContextLanes& lanes, std::uint32_t path, int bit, const std::uint8_t* next);
};

inline constexpr std::int32_t kContextMapLimit = 255;
inline constexpr std::int32_t kContextRunLimit = 1023;

/// Those of the instruction set in force (kernels/isa.hpp).
[[nodiscard]] const ContextKernels& context_kernels();

}  // namespace bitlaw::kernels
