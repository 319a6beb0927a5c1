#pragma once
/// \file Rounds weights to levels while they learn (quantisation-aware training): steps that give a size.
/// Exactness class A.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/learn/curvature.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

/// Steps of the rows of a network's matrices, and the rounding to them. Rows share the bits as the loss minds
/// their errors: row i of a matrix has a step in proportion to 1 / sqrt(A_ii g), A and g its curvature
/// (curvature.hpp), a row of a table to 1 / sqrt of its own. One factor for all makes the size. Rounded
/// weights are those that the format `quantised` stores.
class Rounding {
   public:
    explicit Rounding(const model::Model& model);

    /// What rows' steps are to each other. Where the loss minds nothing yet, since the network is fresh, in
    /// proportion to the rows' rms, of embedding and output a quarter of that.
    void begin(const Curvature& curvature, std::span<const float> weights);
    /// Chooses the factor for weights [parameters], the least that keeps them within so many bits each,
    /// entropy-coded, all included: by bisection of coded sizes. Returns the bits of a weight, which are more
    /// than `bits` only where the largest factor gives more. After begin().
    double fit(std::span<const float> weights, double bits);
    /// rounded [parameters] = weights [parameters] on the levels of the steps; tensors that are no matrices
    /// as bf16. A size w / step goes to floor(size + 1/2 - a), a being lambda / 2 times the bits that one
    /// more level costs, so that error^2 + lambda bits is least. Throws Error for a weight that is not
    /// finite.
    void round(std::span<const float> weights, std::span<float> rounded) const;

    /// Step of each row of each matrix in the layout's order, before it becomes one of those that there are
    /// (model/quantised_rows.hpp); empty before begin().
    [[nodiscard]] const std::vector<float>& steps() const { return steps_; }
    /// Goes on with saved steps, or none.
    void restore(std::vector<float> steps);

   private:
    struct Row {
        std::size_t offset;
        std::size_t columns;
        double fresh;  ///< 1 / sqrt(rows), the rms of a fresh row, for rows that are zero
        double share;  ///< of the rms, where it gives the step
    };
    [[nodiscard]] double rms(const Row& row, std::span<const float> weights) const;
    [[nodiscard]] double bits_of(std::span<const float> weights, std::span<float> rounded) const;

    std::vector<model::Tensor> tensors_;
    std::vector<Row> rows_;
    std::vector<float> steps_;
};

/// Rows that steps() has for a network.
[[nodiscard]] std::size_t rounded_rows(const model::Layout& layout);

}  // namespace bitlaw::learn
