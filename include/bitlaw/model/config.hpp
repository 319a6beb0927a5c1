#pragma once
/// \file A network in a few numbers, as files hold it: family, sizes, precisions.

#include <cstdint>

namespace bitlaw::model {

/// More earlier symbols than this are attention's business.
inline constexpr std::uint32_t kMostTaps = 16;

/// A family of networks by its number in files. src/model/specs.cpp lists all and says what they are.
enum class Architecture : std::uint8_t { vanilla = 0, modern = 1 };

/// How products with weights, and the sums over tokens that are the weights' gradients, are computed.
/// Attention, norms and softmax are fp32 in both.
enum class Arithmetic : std::uint8_t {
    fp32 = 0,
    bf16 = 1,  ///< factors rounded to bfloat16, sums in fp32: another function of the same weights
};

/// "fp32" or "bf16".
[[nodiscard]] const char* arithmetic_name(Arithmetic arithmetic);

/// What keys (after norm and rotation) and values are rounded to when they are written, in the decoder's
/// cache and in blocks alike, so that all see the same numbers. Gradients pass the rounding unchanged: they
/// are those of the fp32 network at the rounded keys and values.
enum class CachePrecision : std::uint8_t {
    fp32 = 0,
    bf16 = 1,  ///< nearest even, as Kernels::round_bf16
};

/// "fp32" or "bf16".
[[nodiscard]] const char* cache_name(CachePrecision cache);

/// Everything that fixes the shapes and what is computed; equal configs have equal layouts.
struct ModelConfig {
    Architecture architecture = Architecture::modern;
    Arithmetic arithmetic = Arithmetic::fp32;
    CachePrecision cache = CachePrecision::fp32;
    std::uint32_t alphabet = 256;       ///< V
    std::uint32_t width = 64;           ///< C
    std::uint32_t layers = 4;           ///< L
    std::uint32_t heads = 4;            ///< H
    std::uint32_t kv_heads = 4;         ///< heads of keys and values; divides H
    std::uint32_t head_width = 16;      ///< D, a multiple of 16, at most 128
    std::uint32_t hidden = 256;         ///< F, width of the MLP
    std::uint32_t context = 2048;       ///< K: positions of a training sequence
    std::uint32_t window = 2048;        ///< W: keys that a query sees, itself included; at most K
    std::uint32_t rotary_base = 10000;  ///< longest wavelength / 2 pi
    std::uint32_t taps = 0;          ///< earlier symbols whose embeddings enter a position directly; modern
    std::uint32_t norm_epsilon = 0;  ///< of norms with gains, in units of 1e-9; 0 in families without

    bool operator==(const ModelConfig&) const = default;
};

}  // namespace bitlaw::model
