#pragma once
/// \file What a block says of each of its tensors: counting, files, optimizers and packing follow from it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bitlaw::model {

/// How a tensor begins. Normal draws are cut at two standard deviations.
enum class Init : std::uint8_t {
    zero,
    one,
    product,   ///< normal with variance 1 / rows: operands of products that read the residual stream
    residual,  ///< the same for those that write to it, drawn after the layer's others
};

/// How a tensor learns and is used.
enum class Group : std::uint8_t {
    table,   ///< rows are looked up: no operations, AdamW without weight decay
    vector,  ///< gains and biases: AdamW without weight decay
    matrix,  ///< operand of a product inside a layer: Muon, or AdamW with weight decay
    output,  ///< operand of the product that makes logits: AdamW with weight decay
};

/// One tensor that a part of the network needs.
struct TensorSpec {
    std::string name;
    std::size_t rows;
    std::size_t columns;
    Group group;
    Init init;
    /// Columns of the matrices that lie side by side in it, each made orthogonal by itself; empty: one.
    std::vector<std::size_t> parts = {};
    [[nodiscard]] std::size_t size() const { return rows * columns; }
};

/// Where a tensor lies in the flat array of parameters: [rows, columns], row-major.
struct Tensor {
    std::string name;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t offset = 0;
    Group group = Group::vector;
    Init init = Init::zero;
    std::vector<std::size_t> parts = {};
    [[nodiscard]] std::size_t size() const { return rows * columns; }
};

}  // namespace bitlaw::model
