#include "bitlaw/learn/rounding.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/quantised_rows.hpp"

namespace bitlaw::learn {

using namespace model;

std::size_t rounded_rows(const Layout& layout) { return first_rows(layout.tensors()).back(); }

Rounding::Rounding(const Model& model) {
    for (const Tensor& tensor : model.layout.tensors()) {
        if (has_levels(tensor)) {
            tensors_.push_back(tensor);
        }
    }
}

double Rounding::advance(Model& model, const Curvature& curvature, double share, double bits) {
    const FloatStateGuard guard;
    const Quantiser quantiser(model, curvature, steps_);
    std::optional<QuantisedWeights> whole = quantiser.within(bits, {});
    if (!whole) {
        whole = quantiser.coarsest();
    }
    const double reached = whole->bits_per_weight;
    QuantisedWeights part = share < 1.0 ? quantiser.at(whole->options, share) : std::move(*whole);
    steps_ = std::move(part.steps);
    model.weights = std::move(part.model.weights);
    held_ = model.weights;
    return reached;
}

void Rounding::hold(std::span<float> weights) const {
    std::size_t row = 0;
    for (const Tensor& tensor : tensors_) {
        const StoredRows rows = stored_rows(tensor);
        for (std::size_t r = 0; r < rows.rows; ++r, ++row) {
            for (std::size_t c = 0; steps_[row] > 0.0F && c < rows.columns; ++c) {
                const std::size_t at = tensor.offset + r * rows.row_stride + c * rows.column_stride;
                weights[at] = held_[at];
            }
        }
    }
}

void Rounding::restore(std::vector<float> steps, std::span<const float> weights) {
    steps_ = std::move(steps);
    held_.assign(weights.begin(), weights.end());
}

}  // namespace bitlaw::learn
