#pragma once
/// \file How much the loss minds an error in each weight: second moments of what enters every product and of
/// what comes back. Exactness class A.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/model/model.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::learn {

/// A matrix W [K, N]. An error E in it costs about 1/2 tr(G E^T A E) nats a symbol (Kronecker factors:
/// Martens and Grosse 2015, arXiv 1503.05671).
struct ProductCurvature {
    model::Tensor tensor;
    std::vector<double> inputs;   ///< A [K, K]: mean of x x^T over the symbols
    std::vector<double> outputs;  ///< G [N, N]: mean of g g^T, g = d(-ln p) / dy
};

/// Of a table [V, C], whose rows are looked up: the mean squared gradient of a row's weights, [V].
struct TableCurvature {
    model::Tensor tensor;
    std::vector<double> rows;
};

struct Curvature {
    std::vector<ProductCurvature> products;
    std::vector<TableCurvature> tables;
    std::uint64_t symbols = 0;
};

/// Over whole sequences of the model's context; what is left of `symbols` is not used. Throws Error when
/// there is not one sequence.
[[nodiscard]] Curvature curvature_of(const model::Model& model, std::span<const symbols::Symbol> symbols);

}  // namespace bitlaw::learn
