#pragma once
/// \file Working memory of an inference pass over some rows, with nothing kept for a backward pass.

#include "bitlaw/model/layer.hpp"

namespace bitlaw::predict {

/// Owns the values of up to `most` rows. The residual stream is updated in place; the MLP runs in tiles of
/// kTileRows.
class InferenceRows {
   public:
    InferenceRows(const model::ModelConfig& config, std::size_t most);

    float* x() { return x_.data(); }                ///< [most, C]
    float* qkv() { return qkv_.data(); }            ///< [most, (H + 2 Hkv) D]
    float* attended() { return attended_.data(); }  ///< [most, H D]
    float* logits() { return logits_.data(); }      ///< [most, V]
    float* cosine() { return cosine_.data(); }      ///< [most, D/2]
    float* sine() { return sine_.data(); }          ///< [most, D/2]

    void before(const model::PackedModel& model, std::size_t layer, std::size_t n);
    void after(const model::PackedModel& model, std::size_t layer, std::size_t n);
    void finish(const model::PackedModel& model, std::size_t n);

   private:
    model::LayerRows tile(std::size_t first);
    model::Widths widths_;
    Floats x_, qkv_, attended_, logits_, cosine_, sine_;
    Floats normal_, hidden_, inverse_, q_inverse_, k_inverse_;  // of one tile
};

}  // namespace bitlaw::predict
