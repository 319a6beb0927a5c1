#include "bitlaw/model/rows_backward.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/gained_norm.hpp"

namespace bitlaw::model {
namespace {

using kernels::ChainStart;

void grow(Floats& memory, std::size_t floats) {
    if (memory.size() < floats) {
        memory.resize(floats);
    }
}

}  // namespace

GradientMemory::GradientMemory(const PackedModel& model) : width_(model.spec().embedding.width) {
    std::size_t places = 0;
    for (const std::vector<BlockSpec>& layer : model.spec().layers) {
        layers_.push_back({blocks_.size(), blocks_.size() + layer.size()});
        places = std::max(places, layer.size());
        places_.resize(places);
        for (std::size_t place = 0; place < layer.size(); ++place) {
            const BlockSpec& block = layer[place];
            blocks_.push_back({place, block.norm, block.kind->gradients(block)});
            const std::vector<std::size_t>& widths = blocks_.back().widths;
            std::vector<std::size_t>& most = places_[place].widths;
            most.resize(std::max(most.size(), widths.size()));
            for (std::size_t i = 0; i < widths.size(); ++i) {
                most[i] = std::max(most[i], widths[i]);
            }
            if (block.norm != Norm::pre_rms) {
                places_[place].around_width = width_;
            }
        }
    }
    streams_.resize(places + 1);
}

void GradientMemory::reserve(std::size_t rows) {
    for (Floats& stream : streams_) {
        grow(stream, rows * width_);
    }
    for (Place& place : places_) {
        grow(place.around, rows * place.around_width);
        place.value.resize(place.widths.size());
        for (std::size_t i = 0; i < place.widths.size(); ++i) {
            grow(place.value[i], rows * place.widths[i]);
        }
    }
}

std::size_t GradientMemory::scratch() const { return kTileRows * width_; }

void GradientMemory::end_layer(std::size_t layer) {
    if (layer > 0) {
        const Range before = layers_[layer - 1];
        std::swap(streams_.front(), streams_[before.last - before.first]);
    }
}

float* GradientMemory::dout(std::size_t block, const RowTile& tile) {
    return streams_[blocks_[block].place + 1].data() + tile.first * width_;
}

float* GradientMemory::dsum(std::size_t block, const RowTile& tile) {
    const BlockShape& shape = blocks_[block];
    return stands_before(shape.norm) ? dout(block, tile)
                                     : places_[shape.place].around.data() + tile.first * width_;
}

float* GradientMemory::din(std::size_t block, const RowTile& tile) {
    return streams_[blocks_[block].place].data() + tile.first * width_;
}

BlockGradients GradientMemory::gradients(std::size_t block, const RowTile& tile) {
    const BlockShape& shape = blocks_[block];
    Place& place = places_[shape.place];
    const bool before = stands_before(shape.norm);
    float* kept = place.around.data() + tile.first * place.around_width;
    float* entering = shape.norm == Norm::pre_rms_gain ? kept : tile.scratch;
    BlockGradients gradients{.dsum = dsum(block, tile),
                             .din = before ? entering : din(block, tile),
                             .start = before ? ChainStart::zero : ChainStart::accumulate,
                             .value = {}};
    for (std::size_t i = 0; i < shape.widths.size(); ++i) {
        gradients.value[i] = place.value[i].data() + tile.first * shape.widths[i];
    }
    return gradients;
}

namespace {

using RowsBackward = void (*)(const BlockView&, const BlockRows&, const BlockGradients&, std::size_t);

/// din = dsum, since the stream passes the block by, and what `step` says came through it.
void through_block(const PackedModel& model, RowMemory& memory, GradientMemory& gradients, std::size_t block,
                   const RowTile& tile, RowsBackward step) {
    const BlockView view = model.block(block);
    const std::size_t width = view.spec.width;
    const BlockGradients g = gradients.gradients(block, tile);
    float* din = gradients.din(block, tile);
    std::copy_n(g.dsum, tile.rows * width, din);
    step(view, memory.rows(block, tile), g, tile.rows);
    if (view.spec.norm == Norm::pre_rms) {
        kernels::kernel_table().rms_norm_backward({g.din, width}, {memory.normal(block, tile), width},
                                                  memory.inverse(block, tile), tile.rows, width,
                                                  {din, width});
    } else if (view.spec.norm == Norm::pre_rms_gain) {
        gained_rms_norm_backward({g.din, width}, {memory.normal(block, tile), width},
                                 memory.inverse(block, tile),
                                 model.vector(model.model().layout.norms[block].front()), tile.rows, width,
                                 tile.scratch, {din, width});
    }
}

}  // namespace

void leave_rows_backward(const PackedModel& model, RowMemory& memory, GradientMemory& gradients,
                         std::size_t block, const RowTile& tile) {
    const BlockView view = model.block(block);
    const std::size_t width = view.spec.width;
    if (view.spec.norm == Norm::post_layer) {
        float* dsum = gradients.dsum(block, tile);
        kernels::kernel_table().layer_norm_backward(
            {gradients.dout(block, tile), width}, {memory.normal(block, tile), width},
            memory.inverse(block, tile), model.vector(model.model().layout.norms[block].front()), tile.rows,
            width, {dsum, width});
    }
    if (view.spec.kind->mixing == nullptr) {
        through_block(model, memory, gradients, block, tile, view.spec.kind->finish_backward);
    } else {
        view.spec.kind->finish_backward(view, memory.rows(block, tile), gradients.gradients(block, tile),
                                        tile.rows);
    }
}

void enter_rows_backward(const PackedModel& model, RowMemory& memory, GradientMemory& gradients,
                         std::size_t block, const RowTile& tile) {
    through_block(model, memory, gradients, block, tile, model.block_spec(block).kind->begin_backward);
}

void weight_gradients(const PackedModel& model, RowMemory& memory, GradientMemory& gradients,
                      std::size_t block, GradientTasks& tasks) {
    constexpr RowTile kAll{};  // from the first row on, without scratch memory
    const BlockView view = model.block(block);
    const BlockGradients all = gradients.gradients(block, kAll);
    view.spec.kind->weight_gradients(view, memory.rows(block, kAll), all, tasks);
    const std::vector<Tensor>& norm = model.model().layout.norms[block];  // gain, bias; some have fewer
    if (view.spec.norm == Norm::pre_rms_gain) {
        tasks.scaled_sum(norm[0], memory.normal(block, kAll), all.din);
    } else if (view.spec.norm == Norm::post_layer) {
        tasks.scaled_sum(norm[0], memory.normal(block, kAll), gradients.dout(block, kAll));
        tasks.sum(norm[1], gradients.dout(block, kAll));
    }
}

}  // namespace bitlaw::model
