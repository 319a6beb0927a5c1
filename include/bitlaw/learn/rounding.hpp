#pragma once
/// \file Rounds weights to levels while the others learn (quantisation-aware training). Exactness class A.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/learn/curvature.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

/// Rounds the stored rows of a network's matrices a share after the other (incremental network quantization,
/// Zhou et al. 2017, arXiv 1702.03044): rows that are rounded stay, and training moves the others to make
/// good what that has cost. The quantiser rounds them, so that each share costs little to begin with; at the
/// end all weights are those that the format `trellis` stores.
class Rounding {
   public:
    explicit Rounding(const model::Model& model);

    /// Rounds rows of the model until that share of each matrix is, with steps for which all of them together
    /// need so many bits a weight, all included. Returns the bits that they need, which are more than `bits`
    /// only where the coarsest steps need more.
    double advance(model::Model& model, const Curvature& curvature, double share, double bits);
    /// Gives rows that are rounded their weights [parameters] back.
    void hold(std::span<float> weights) const;

    /// Step of each stored row of each matrix in the layout's order, 0 where it is not rounded yet; empty
    /// before advance().
    [[nodiscard]] const std::vector<float>& steps() const { return steps_; }
    /// Goes on with saved steps, or none, and the weights [parameters] that belong to them.
    void restore(std::vector<float> steps, std::span<const float> weights);

   private:
    std::vector<model::Tensor> tensors_;  // those that have levels
    std::vector<float> steps_;
    Floats held_;  // weights, of which those of rounded rows count
};

/// Rows that steps() has for a network.
[[nodiscard]] std::size_t rounded_rows(const model::Layout& layout);

}  // namespace bitlaw::learn
