#pragma once
/// \file What a model is: architecture, sizes, presets, and exact counts of parameters and operations.

#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::model {

/// More earlier symbols than this are attention's business.
inline constexpr std::uint32_t kMostTaps = 16;

enum class Architecture : std::uint8_t {
    vanilla =
        0,  ///< the paper's network: post-LN, GELU, full attention, biases in the MLP, context cut every K
    modern = 1,  ///< pre-norm RMSNorm, QK-norm, squared ReLU, grouped key-value heads, sliding window
};

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
    std::uint32_t taps = 0;  ///< earlier symbols whose embeddings enter a position directly; modern

    bool operator==(const ModelConfig&) const = default;
};

/// Throws Error naming the field when the config is not one that the network can run. Bounds: V 2..65536,
/// C 1..8192, L 1..256, F 1..65536, K 1..2^20, taps 0..16, even for bf16; parameters at most 2^31.
void validate(const ModelConfig& config);

/// The config of a named preset; throws UsageError listing the names when there is none.
[[nodiscard]] ModelConfig preset_config(const std::string& name);
[[nodiscard]] std::vector<std::string> preset_names();

[[nodiscard]] std::uint64_t parameter_count(const ModelConfig& config);
/// Parameters that a token's operations touch: all but the embedding table (a look-up costs no operation).
[[nodiscard]] std::uint64_t multiplied_parameter_count(const ModelConfig& config);
/// Floating-point operations (a multiply-add is 2) of one forward pass over positions first .. first+count-1
/// of one context: 2 per multiplied parameter and position plus 4 H D per query and visible key.
[[nodiscard]] double forward_flops(const ModelConfig& config, std::uint64_t first, std::uint64_t count);
/// Of forward and backward: three times as much; recomputation is not counted.
[[nodiscard]] double training_flops(const ModelConfig& config, std::uint64_t positions);

/// Length of a stored config: three bytes and eleven 32-bit fields.
inline constexpr std::size_t kConfigBytes = 3 + 11 * 4;

/// Fixed little-endian form of kConfigBytes (docs/FORMAT.md), and back; read validates.
void write_config(ByteWriter& writer, const ModelConfig& config);
[[nodiscard]] ModelConfig read_config(ByteReader& reader);

/// One line: "modern, 4 layers of width 64, ...".
[[nodiscard]] std::string describe(const ModelConfig& config);

}  // namespace bitlaw::model
