#include "bitlaw/learn/curvature.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/network.hpp"

namespace bitlaw::learn {

using namespace symbols;
using namespace model;

namespace {

// Adds x^T x of x [M, K] to sums [K, K], whose rows are shared out among threads.
void add_moments(const float* x, std::size_t rows, std::size_t inputs, std::vector<double>& sums) {
    constexpr std::size_t kRows = 64;
    parallel_for((inputs + kRows - 1) / kRows, [&](std::size_t task) {
        const std::size_t first = task * kRows;
        const std::size_t count = std::min(kRows, inputs - first);
        Floats piece(count * inputs);  // a batch's sums, in fp32
        kernels::kernel_table().weight_gradient({x + first, inputs}, {x, inputs}, rows, count, inputs,
                                                {piece.data(), inputs});
        for (std::size_t i = 0; i < piece.size(); ++i) {
            sums[first * inputs + i] += piece[i];
        }
    });
}

}  // namespace

Curvature curvature_of(const Model& model, std::span<const Symbol> symbols) {
    const FloatStateGuard guard;
    const std::size_t positions = model.config.context;
    const std::size_t sequences = symbols.size() / positions;
    if (sequences == 0) {
        fail("to see which weights matter takes at least ", positions, " bytes, one context, and there are ",
             symbols.size(), "; give more data");
    }
    const PackedModel packed(model, PackFor::training);
    Network network(packed);
    Curvature curvature;
    curvature.symbols = sequences * positions;
    for (const Tensor& tensor : model.layout.tensors()) {
        if (tensor.group == Group::table) {
            curvature.tables.push_back({tensor, std::vector<double>(tensor.rows)});
        }
    }
    std::size_t tokens = 0;
    const auto find = [&](const Tensor& tensor) -> ProductCurvature& {
        const auto found = std::find_if(
            curvature.products.begin(), curvature.products.end(),
            [&](const ProductCurvature& product) { return product.tensor.offset == tensor.offset; });
        if (found != curvature.products.end()) {
            return *found;
        }
        return curvature.products.emplace_back(
            ProductCurvature{tensor, std::vector<double>(tensor.rows * tensor.rows),
                             std::vector<double>(tensor.columns * tensor.columns)});
    };
    network.watch_products([&](const Tensor& tensor, const float* x, const float* y) {
        ProductCurvature& product = find(tensor);
        add_moments(x, tokens, tensor.rows, product.inputs);
        add_moments(y, tokens, tensor.columns, product.outputs);
    });
    Floats gradient(model.layout.size);
    const std::size_t batch = std::max<std::size_t>(1, 2048 / positions);  // sequences
    for (std::size_t first = 0; first < sequences; first += batch) {
        const std::size_t count = std::min(batch, sequences - first);
        tokens = count * positions;
        std::fill(gradient.begin(), gradient.end(), 0.0F);
        (void)network.gradient({symbols.subspan(first * positions, tokens), count, positions}, 1.0F,
                               gradient);
        // Gradients of different symbols are nearly independent, so the square of their sum is the sum of
        // their squares.
        for (TableCurvature& table : curvature.tables) {
            const std::size_t columns = table.tensor.columns;
            for (std::size_t row = 0; row < table.tensor.rows; ++row) {
                for (std::size_t c = 0; c < columns; ++c) {
                    const double value = gradient[table.tensor.offset + row * columns + c];
                    table.rows[row] += value * value / static_cast<double>(columns);
                }
            }
        }
    }
    const auto scale = 1.0 / static_cast<double>(curvature.symbols);
    const auto scale_all = [scale](std::vector<double>& values) {
        for (double& value : values) {
            value *= scale;
        }
    };
    for (ProductCurvature& product : curvature.products) {
        scale_all(product.inputs);
        scale_all(product.outputs);
    }
    for (TableCurvature& table : curvature.tables) {
        scale_all(table.rows);
    }
    return curvature;
}

}  // namespace bitlaw::learn
