#pragma once
/// \file Gradients of rows on their way back through the blocks of a layer. Exactness class A.

#include <cstddef>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/block.hpp"
#include "bitlaw/model/gradient_tasks.hpp"
#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/model/rows.hpp"

namespace bitlaw::model {

/// Memory of the gradients of rows inside one layer; all layers use the same, one after the other.
class GradientMemory {
   public:
    explicit GradientMemory(const PackedModel& model);

    /// Makes room for that many rows.
    void reserve(std::size_t rows);
    /// Floats of scratch memory that a tile needs.
    [[nodiscard]] std::size_t scratch() const;

    /// Blocks first .. last-1 of a layer.
    struct Range {
        std::size_t first;
        std::size_t last;
    };
    [[nodiscard]] std::size_t layers() const { return layers_.size(); }
    [[nodiscard]] Range layer(std::size_t index) const { return layers_[index]; }

    /// Gradient of the stream that leaves the network [rows, C], to be filled before the last layer.
    [[nodiscard]] float* leaving() { return streams_[layers_.back().last - layers_.back().first].data(); }
    /// After a layer: what entered it is what leaves the layer before.
    void end_layer(std::size_t layer);
    /// Gradient of the stream that enters the network [rows, C], after all layers.
    [[nodiscard]] float* entering() { return streams_.front().data(); }

    /// Gradients of the stream that leaves a block, and that enters it [n, C].
    [[nodiscard]] float* dout(std::size_t block, const RowTile& tile);
    [[nodiscard]] float* din(std::size_t block, const RowTile& tile);
    /// Gradient of a block's sum [n, C]: dout, unless a norm stands behind it.
    [[nodiscard]] float* dsum(std::size_t block, const RowTile& tile);
    /// What a block's functions are called with. Their din is scratch memory where a norm without a gain
    /// stands before the block.
    [[nodiscard]] BlockGradients gradients(std::size_t block, const RowTile& tile);

   private:
    /// Memory of the block at one place of a layer.
    struct Place {
        Floats around;              // [rows, C] dsum before a norm behind it, or din behind a gain
        std::vector<Floats> value;  // [rows, width] each
        std::size_t around_width = 0;
        std::vector<std::size_t> widths;
    };
    struct BlockShape {
        std::size_t place;  // in its layer
        Norm norm;
        std::vector<std::size_t> widths;  // of its gradients
    };

    std::size_t width_;  // C
    std::vector<Range> layers_;
    std::vector<BlockShape> blocks_;
    std::vector<Place> places_;
    std::vector<Floats> streams_;  // [places + 1]: stream i enters the block at place i
};

/// dsum of a block, and what its mixing needs of it; without mixing: din too.
void leave_rows_backward(const PackedModel& model, RowMemory& memory, GradientMemory& gradients,
                         std::size_t block, const RowTile& tile);
/// Behind the mixing of a block: din.
void enter_rows_backward(const PackedModel& model, RowMemory& memory, GradientMemory& gradients,
                         std::size_t block, const RowTile& tile);
/// Where the gradients of the weights of a block and its norm come from.
void weight_gradients(const PackedModel& model, RowMemory& memory, GradientMemory& gradients,
                      std::size_t block, GradientTasks& tasks);

}  // namespace bitlaw::model
