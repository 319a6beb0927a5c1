#pragma once
/// \file Weights in the order in which the products read them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::model {

/// Whether the transposed products of the backward pass are packed too.
enum class PackFor { inference, training };

/// A matrix of weights W [k, n], packed for the products of the model's arithmetic: a view of PackedModel's
/// memory. One pointer is null; both are when the matrix is not packed.
struct PackedMatrix {
    const float* fp32 = nullptr;
    const std::uint16_t* bf16 = nullptr;
    std::size_t k = 0;
    std::size_t n = 0;
};

/// C = start + A W, in the matrix's arithmetic: one chain per element, from 0, bias[j] or C. A [rows, k], C
/// [rows, n]; they do not overlap. Class A.
void multiply(const PackedMatrix& w, const float* a, std::size_t lda, std::size_t rows,
              kernels::ChainStart start, const float* bias, float* c, std::size_t ldc);

/// Packed operands of one layer. The `_back` ones hold the transpose.
struct PackedLayer {
    PackedMatrix qkv;                 ///< [C, (H + 2 Hkv) D]
    PackedMatrix attention_out;       ///< [H D, C]
    PackedMatrix up;                  ///< [C, F]
    PackedMatrix down;                ///< [F, C]
    PackedMatrix qkv_back;            ///< [(H + 2 Hkv) D, C]
    PackedMatrix attention_out_back;  ///< [C, H D]
    PackedMatrix up_back;             ///< [F, C]
    PackedMatrix down_back;           ///< [C, F]
};

/// A model made ready to run: immutable but for repack(), shared by any number of threads. Keeps a reference
/// to the model, whose embeddings, biases and gains are read in place.
class PackedModel {
   public:
    PackedModel(const Model& model, PackFor purpose);
    /// Packs again after the model's weights have changed (in parallel).
    void repack();
    [[nodiscard]] const Model& model() const { return *model_; }
    [[nodiscard]] const ModelConfig& config() const { return model_->config; }
    [[nodiscard]] const PackedLayer& layer(std::size_t index) const { return layers_[index]; }
    [[nodiscard]] const PackedMatrix& output() const { return output_; }            ///< [C, V]
    [[nodiscard]] const PackedMatrix& output_back() const { return output_back_; }  ///< [V, C]
    [[nodiscard]] PackFor purpose() const { return purpose_; }

   private:
    const Model* model_;
    PackFor purpose_;
    Floats fp32_;  // all matrices, one after the other, in one of the two memories
    Halves bf16_;
    std::vector<PackedLayer> layers_;
    PackedMatrix output_;
    PackedMatrix output_back_;
};

}  // namespace bitlaw::model
