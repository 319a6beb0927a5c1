#include "bitlaw/learn/muon.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::learn {

using namespace kernels;
using namespace model;

namespace {

constexpr float kLinear = 3.4445F;
constexpr float kCubic = -4.7750F;
constexpr float kQuintic = 2.0315F;
// Keeps a gradient of zeros from becoming one of NaN.
constexpr float kSmallestNorm = 1e-7F;

void grow(Floats& memory, std::size_t size) {
    if (memory.size() < size) {
        memory.resize(size);
    }
}

// to [columns, rows] = transpose of from [rows, columns].
void transpose(const float* from, std::size_t rows, std::size_t columns, float* to) {
    constexpr std::size_t kTile = 16;  // a tile's rows and columns stay in the level 1 cache
    for (std::size_t first_row = 0; first_row < rows; first_row += kTile) {
        const std::size_t last_row = std::min(rows, first_row + kTile);
        for (std::size_t first = 0; first < columns; first += kTile) {
            const std::size_t last = std::min(columns, first + kTile);
            for (std::size_t row = first_row; row < last_row; ++row) {
                for (std::size_t column = first; column < last; ++column) {
                    to[column * rows + row] = from[row * columns + column];
                }
            }
        }
    }
}

}  // namespace

std::vector<MatrixBlock> hidden_matrices(const Layout& layout) {
    std::vector<MatrixBlock> blocks;
    for (const Tensor& tensor : layout.tensors()) {
        if (tensor.group != Group::matrix) {
            continue;
        }
        std::size_t column = 0;
        for (const std::size_t columns : tensor.parts) {
            blocks.push_back({tensor.offset + column, tensor.rows, columns, tensor.columns});
            column += columns;
        }
        if (tensor.parts.empty()) {
            blocks.push_back({tensor.offset, tensor.rows, tensor.columns, tensor.columns});
        }
    }
    return blocks;
}

void orthogonalise(float* x, std::size_t rows, std::size_t columns, OrthogonalScratch& scratch) {
    BITLAW_ASSERT(rows >= columns && columns > 0);
    const Kernels& k = kernel_table();
    const std::size_t floats = rows * columns;
    const std::size_t square = columns * columns;
    grow(scratch.next, floats);
    grow(scratch.square, square);
    grow(scratch.sum, square);
    grow(scratch.packed, packed_size(columns, columns));
    k.scale(x, 1.0F / (std::sqrt(k.sum_squares(x, floats)) + kSmallestNorm), floats, x);
    float* current = x;
    float* next = scratch.next.data();
    float* a = scratch.square.data();
    float* sum = scratch.sum.data();
    for (int iteration = 0; iteration < kMuonIterations; ++iteration) {
        std::fill(a, a + square, 0.0F);
        k.weight_gradient({current, columns}, {current, columns}, rows, columns, columns, {a, columns});
        k.scale(a, kQuintic, square, sum);
        k.pack({sum, columns}, columns, columns, scratch.packed.data());
        k.scale(a, kCubic, square, sum);
        k.product({a, columns}, columns, scratch.packed.data(), columns, columns, ChainStart::accumulate,
                  nullptr, {sum, columns});
        k.pack({sum, columns}, columns, columns, scratch.packed.data());
        k.scale(current, kLinear, floats, next);
        k.product({current, columns}, rows, scratch.packed.data(), columns, columns, ChainStart::accumulate,
                  nullptr, {next, columns});
        std::swap(current, next);
    }
    if (current != x) {
        std::copy(current, current + floats, x);
    }
}

Muon::Muon(const Layout& layout, const MuonOptions& options)
    : options_(options), blocks_(hidden_matrices(layout)) {
    const auto cost = [](const MatrixBlock& block) {
        return block.rows * block.columns * std::min(block.rows, block.columns);
    };
    std::stable_sort(blocks_.begin(), blocks_.end(),
                     [&](const MatrixBlock& a, const MatrixBlock& b) { return cost(a) > cost(b); });
}

void Muon::step(std::span<const float> gradient, double learning_rate, float gradient_scale,
                std::span<float> weights, std::span<float> momentum) {
    BITLAW_ASSERT(gradient.size() == weights.size() && gradient.size() == momentum.size());
    workers_.resize(std::max(workers_.size(), thread_count()));
    const auto rate = static_cast<float>(learning_rate * options_.rate_ratio);
    parallel_for(blocks_.size(), [&](std::size_t index, std::size_t worker) {
        update(blocks_[index], gradient.data(), rate, gradient_scale, weights.data(), momentum.data(),
               workers_[worker]);
    });
}

void Muon::update(const MatrixBlock& block, const float* gradient, float rate, float gradient_scale,
                  float* weights, float* momentum, Worker& worker) const {
    const Kernels& k = kernel_table();
    const auto [offset, rows, columns, stride] = block;
    const bool is_wide = columns > rows;
    const auto beta = static_cast<float>(options_.momentum);
    grow(worker.gradient, rows * columns);
    grow(worker.x, rows * columns);
    float* step = is_wide ? worker.gradient.data() : worker.x.data();  // [rows, columns]
    float* g =
        is_wide ? worker.x.data() : worker.gradient.data();  // [rows, columns], read before x is written
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t at = offset + row * stride;
        float* m = momentum + at;
        float* scaled = g + row * columns;
        float* u = step + row * columns;
        k.scale(gradient + at, gradient_scale, columns, scaled);
        k.scale(m, beta, columns, m);
        k.add(scaled, columns, m);
        k.scale(m, beta, columns, u);
        k.add(scaled, columns, u);
    }
    if (is_wide) {
        transpose(step, rows, columns, worker.x.data());
        orthogonalise(worker.x.data(), columns, rows, worker.scratch);
        transpose(worker.x.data(), columns, rows, step);
    } else {
        orthogonalise(step, rows, columns, worker.scratch);
    }
    const float widening = is_wide ? std::sqrt(static_cast<float>(columns) / static_cast<float>(rows)) : 1.0F;
    const float keep = 1.0F - rate * static_cast<float>(options_.weight_decay);
    for (std::size_t row = 0; row < rows; ++row) {
        float* w = weights + offset + row * stride;
        float* u = step + row * columns;
        k.scale(w, keep, columns, w);
        k.scale(u, -rate * widening, columns, u);
        k.add(u, columns, w);
    }
}

}  // namespace bitlaw::learn
