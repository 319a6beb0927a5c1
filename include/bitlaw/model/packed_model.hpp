#pragma once
/// \file A model ready to run: its weights in the order in which the products read them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/block.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/model/packed_matrix.hpp"

namespace bitlaw::model {

/// Whether the transposed products of the backward pass are packed too.
enum class PackFor { inference, training };

/// Immutable but for repack(), shared by any number of threads. Keeps a reference to the model, whose
/// embeddings, biases and gains are read in place.
class PackedModel {
   public:
    PackedModel(const Model& model, PackFor purpose);
    PackedModel(const PackedModel&) = delete;
    PackedModel& operator=(const PackedModel&) = delete;
    /// Packs again after the model's weights have changed (in parallel).
    void repack();
    [[nodiscard]] const Model& model() const { return *model_; }
    [[nodiscard]] const ModelConfig& config() const { return model_->config; }
    [[nodiscard]] const NetworkSpec& spec() const { return model_->spec; }
    /// Blocks of all layers.
    [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
    [[nodiscard]] const BlockSpec& block_spec(std::size_t block) const { return blocks_[block].spec; }
    [[nodiscard]] BlockView block(std::size_t block) const {
        const PackedBlock& packed = blocks_[block];
        return {packed.spec, model_->layout.blocks[block].data(), packed.forward.data(),
                packed.backward.data(), model_->weights.data()};
    }
    /// A tensor that is read in place: tables, gains, biases.
    [[nodiscard]] const float* vector(const Tensor& tensor) const {
        return model_->weights.data() + tensor.offset;
    }
    [[nodiscard]] const PackedMatrix& output() const { return output_; }            ///< [C, V]
    [[nodiscard]] const PackedMatrix& output_back() const { return output_back_; }  ///< [V, C]
    [[nodiscard]] PackFor purpose() const { return purpose_; }

   private:
    struct PackedBlock {
        BlockSpec spec;
        std::vector<PackedMatrix> forward;  // of every tensor, in the order of the layout
        std::vector<PackedMatrix> backward;
    };
    struct Packing {
        const Tensor* tensor;
        bool transposed;
        std::size_t offset;  // in the memory
        PackedMatrix* view;
    };
    void place(const Tensor& tensor, bool transposed, PackedMatrix& view);
    void plan(const Tensor& tensor, PackedMatrix& forward, PackedMatrix& backward);

    const Model* model_;
    PackFor purpose_;
    std::vector<PackedBlock> blocks_;
    PackedMatrix output_;
    PackedMatrix output_back_;
    std::vector<Packing> packings_;
    std::size_t size_ = 0;  // numbers in the memory
    Floats fp32_;           // all matrices, one after the other, in one of the two
    Halves bf16_;
};

}  // namespace bitlaw::model
