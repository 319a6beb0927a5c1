#pragma once
/// \file Weights in the order in which the products read them.

#include <cstddef>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw {

/// Whether the transposed products of the backward pass are packed too.
enum class PackFor { inference, training };

/// Packed operands of one layer; pointers into PackedModel's memory. The `_back` ones hold the transpose.
struct PackedLayer {
    const float* qkv;                 ///< [C, (H + 2 Hkv) D]
    const float* attention_out;       ///< [H D, C]
    const float* up;                  ///< [C, F]
    const float* down;                ///< [F, C]
    const float* qkv_back;            ///< [(H + 2 Hkv) D, C]
    const float* attention_out_back;  ///< [C, H D]
    const float* up_back;             ///< [F, C]
    const float* down_back;           ///< [C, F]
};

/// A model made ready to run: immutable but for repack(), shared by any number of threads. Keeps a reference to the model,
/// whose embeddings, biases and gains are read in place.
class PackedModel {
   public:
    PackedModel(const Model& model, PackFor purpose);
    /// Packs again after the model's weights have changed (in parallel).
    void repack();
    [[nodiscard]] const Model& model() const { return *model_; }
    [[nodiscard]] const ModelConfig& config() const { return model_->config; }
    [[nodiscard]] const PackedLayer& layer(std::size_t index) const { return layers_[index]; }
    [[nodiscard]] const float* output() const { return output_; }            ///< [C, V]
    [[nodiscard]] const float* output_back() const { return output_back_; }  ///< [V, C]

   private:
    const Model* model_;
    PackFor purpose_;
    Floats memory_;
    std::vector<PackedLayer> layers_;
    const float* output_ = nullptr;
    const float* output_back_ = nullptr;
};

}  // namespace bitlaw
