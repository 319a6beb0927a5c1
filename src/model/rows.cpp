#include "bitlaw/model/rows.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/gained_norm.hpp"

namespace bitlaw::model {
namespace {

/// Places in scratch memory begin on cache lines.
std::size_t tile_floats(std::size_t width) { return (kTileRows * width + 15) / 16 * 16; }

}  // namespace

RowMemory::RowMemory(const PackedModel& model, Keep keep) : width_(model.spec().embedding.width) {
    streams_.push_back(new_memory(width_));
    for (std::size_t block = 0; block < model.blocks(); ++block) {
        add_block(model.block_spec(block), keep);
    }
}

std::size_t RowMemory::new_memory(std::size_t width) {
    memory_.emplace_back();
    widths_.push_back(width);
    return memory_.size() - 1;
}

void RowMemory::add_block(const BlockSpec& block, Keep keep) {
    const bool keeps = keep == Keep::activations;
    std::size_t scratch = 0;
    std::size_t next_shared = 1;  // memories behind the stream, which all blocks use where nothing is kept
    const auto place = [&](std::size_t width, Lifetime lifetime) {
        Array array{.width = width};
        if (width == 0) {
            return array;
        }
        if (lifetime == Lifetime::tile || (lifetime == Lifetime::kept && !keeps)) {
            array.is_scratch = true;
            array.place = scratch;
            scratch += tile_floats(width);
        } else if (keeps) {
            array.place = new_memory(width);
        } else {
            array.place = next_shared < memory_.size() ? next_shared : new_memory(width);
            widths_[array.place] = std::max(widths_[array.place], width);
            ++next_shared;
        }
        return array;
    };
    BlockArrays arrays{.norm = block.norm,
                       .normal = place(block.width, Lifetime::kept),
                       .inverse = place(1, Lifetime::kept),
                       .gained = place(block.norm == Norm::pre_rms_gain ? block.width : 0, Lifetime::kept),
                       .values = {},
                       .prepared = {}};
    for (const Value& value : block.kind->values(block)) {
        const bool shares = !keeps && value.shares < arrays.values.size();
        arrays.values.push_back(shares ? arrays.values[value.shares] : place(value.width, value.lifetime));
    }
    BITLAW_ASSERT(arrays.values.size() <= kMaxValues);
    scratch_ = std::max(scratch_, scratch);
    // The backward pass reads what entered a block: the normalised rows, or the stream itself.
    const bool in_place = !keeps || stands_before(block.norm);
    streams_.push_back(in_place ? streams_.back() : new_memory(block.width));
    blocks_.push_back(std::move(arrays));
}

void RowMemory::reserve(std::size_t rows) {
    prepared_ = nullptr;
    for (std::size_t i = 0; i < memory_.size(); ++i) {
        if (memory_[i].size() < rows * widths_[i]) {
            memory_[i].resize(rows * widths_[i]);
        }
    }
    const auto find = [&](Array& array) {
        if (!array.is_scratch && array.width != 0) {
            array.begin = memory_[array.place].data();
        }
    };
    for (BlockArrays& arrays : blocks_) {
        find(arrays.normal);
        find(arrays.inverse);
        find(arrays.gained);
        std::for_each(arrays.values.begin(), arrays.values.end(), find);
    }
}

BlockRows RowMemory::found_rows(std::size_t block, const RowTile& tile) {
    const BlockArrays& arrays = blocks_[block];
    float* normal = at(arrays.normal, tile);  // [n, C]
    const std::size_t first = tile.first * width_;
    const bool before = stands_before(arrays.norm);
    const float* entering = arrays.norm == Norm::pre_rms_gain ? at(arrays.gained, tile) : normal;
    BlockRows rows{.in = before ? entering : stream(block) + first,
                   .sum = before ? stream(block + 1) + first : normal,
                   .value = {},
                   .cosine = tile.cosine,
                   .sine = tile.sine};
    for (std::size_t i = 0; i < arrays.values.size(); ++i) {
        rows.value[i] = at(arrays.values[i], tile);
    }
    return rows;
}

void RowMemory::prepare(const RowTile& tile) {
    BITLAW_ASSERT(tile.first == 0);
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
        blocks_[block].prepared = found_rows(block, tile);
    }
    prepared_ = tile.scratch;
}

namespace {

void finish_rows(const PackedModel& model, RowMemory& memory, const BlockView& view, const BlockRows& rows,
                 std::size_t block, const RowTile& tile) {
    const std::size_t width = view.spec.width;
    const std::size_t first = tile.first * width;
    const float* stream = memory.stream(block) + first;
    if (rows.sum != stream) {
        std::copy_n(stream, tile.rows * width, rows.sum);
    }
    view.spec.kind->finish(view, rows, tile.rows);
    if (view.spec.norm == Norm::post_layer) {
        const std::vector<Tensor>& norm = model.model().layout.norms[block];  // gain, bias
        kernels::kernel_table().layer_norm(
            {rows.sum, width}, tile.rows, width, model.vector(norm[0]), model.vector(norm[1]),
            {rows.sum, width}, {memory.stream(block + 1) + first, width}, memory.inverse(block, tile));
    }
}

}  // namespace

std::size_t enter_rows(const PackedModel& model, RowMemory& memory, std::size_t block, const RowTile& tile) {
    for (; block < model.blocks(); ++block) {
        const BlockView view = model.block(block);
        const BlockRows rows = memory.rows(block, tile);
        const std::size_t width = view.spec.width;
        if (view.spec.norm == Norm::pre_rms) {
            kernels::kernel_table().rms_norm({memory.stream(block) + tile.first * width, width}, tile.rows,
                                             width, {memory.normal(block, tile), width},
                                             memory.inverse(block, tile));
        } else if (view.spec.norm == Norm::pre_rms_gain) {
            gained_rms_norm({memory.stream(block) + tile.first * width, width}, tile.rows, width,
                            model.vector(model.model().layout.norms[block].front()), view.spec.epsilon,
                            {memory.normal(block, tile), width}, memory.inverse(block, tile),
                            {memory.gained(block, tile), width});
        }
        if (view.spec.kind->mixing != nullptr) {
            view.spec.kind->begin(view, rows, tile.rows);
            return block;
        }
        finish_rows(model, memory, view, rows, block, tile);
    }
    return block;
}

std::size_t leave_rows(const PackedModel& model, RowMemory& memory, std::size_t block, const RowTile& tile) {
    finish_rows(model, memory, model.block(block), memory.rows(block, tile), block, tile);
    return enter_rows(model, memory, block + 1, tile);
}

std::size_t next_mixing(const PackedModel& model, std::size_t block) {
    while (block < model.blocks() && model.block_spec(block).kind->mixing == nullptr) {
        ++block;
    }
    return block;
}

}  // namespace bitlaw::model
