#pragma once
/// \file The network, row by row: what happens to one token's vector outside attention. Exactness class A.
///
/// Network, Scorer and Stepper all run the same four steps over some rows (tokens) at a time:
///
///     embed -> L x (before_attention -> attention -> after_attention) -> logits
///
/// and differ only in where attention finds its keys. The functions are serial; rows are independent of each
/// other.

#include <cstddef>

#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::model {

/// Rows that one task of a parallel loop takes: their widest activation (F = 1024 floats) then fills a
/// quarter of a 1 MB L2 cache, and a panel of weights is read from L1 for 64 rows before the next one.
inline constexpr std::size_t kTileRows = 64;

/// Sizes that the row functions need, named as in the glossary.
struct Widths {
    explicit Widths(const ModelConfig& config);
    std::size_t width;      ///< C
    std::size_t attended;   ///< H D
    std::size_t keys;       ///< Hkv D
    std::size_t projected;  ///< (H + 2 Hkv) D
    std::size_t hidden;     ///< F
    std::size_t heads;      ///< H
    std::size_t kv_heads;   ///< Hkv
    std::size_t alphabet;   ///< V
    std::size_t half_head;  ///< D / 2
};

/// The attention kernel's view of a config.
[[nodiscard]] kernels::AttentionShape attention_shape(const ModelConfig& config);

/// What queries are multiplied with, so that attention's 2^(q k) is softmax's numerator: log2(e) / sqrt(D)
/// for vanilla.
[[nodiscard]] float query_factor(const ModelConfig& config);

/// Values of n rows inside one layer; what the backward pass needs is kept where it points.
struct LayerRows {
    const float* in;   ///< [n, C] residual stream entering the layer
    float* normal1;    ///< [n, C] modern: rms_norm(in); vanilla: (in + attention) normalised, before gain
    float* inverse1;   ///< [n] 1 / root of the norm above
    float* qkv;        ///< [n, (H + 2 Hkv) D] queries and keys rotated, values plain
    float* q_inverse;  ///< [n, H]   modern: QK-norm
    float* k_inverse;  ///< [n, Hkv] modern: QK-norm
    const float* attended;  ///< [n, H D] attention's result
    float* middle;    ///< [n, C] residual stream between attention and MLP; modern: may be `in`'s memory
    float* normal2;   ///< [n, C] modern: rms_norm(middle); vanilla: (middle + MLP) normalised, before gain
    float* inverse2;  ///< [n]
    float* up;        ///< [n, F] before the activation; may be `hidden`'s memory when it need not be kept
    float* hidden;    ///< [n, F]
    float* out;       ///< [n, C] residual stream leaving the layer; may be `middle`'s memory
};

/// in -> normal1, qkv. cosine, sine [n, D/2]: the rows' rotary angles.
void before_attention(const PackedModel& model, std::size_t layer, const LayerRows& rows, std::size_t n,
                      const float* cosine, const float* sine);

/// in, attended -> middle, normal2, up, hidden, out.
void after_attention(const PackedModel& model, std::size_t layer, const LayerRows& rows, std::size_t n);

/// x -> logits [n, V]. modern: normal [n, C] receives rms_norm(x) and inverse [n] its factor; vanilla leaves
/// them alone.
void logit_rows(const PackedModel& model, const float* x, std::size_t n, float* normal, float* inverse,
                float* logits);

}  // namespace bitlaw::model
