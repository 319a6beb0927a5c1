#pragma once
/// \file Rows of weights as whole levels times a step: the steps that there are, and how a row is recognised.
/// Exactness class A.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitlaw/model/tensor.hpp"

namespace bitlaw::model {

/// Whether a tensor's rows are stored as levels; others are too small to matter.
[[nodiscard]] inline bool has_levels(const Tensor& tensor) {
    return tensor.rows > 1 && tensor.group != Group::vector;
}

/// The rows of a tensor [K, N] that have a step each in the format `trellis`: of the output its columns.
struct StoredRows {
    std::size_t rows;
    std::size_t columns;
    std::size_t row_stride;
    std::size_t column_stride;
    /// row [columns] = those weights of the tensor [K, N].
    void get(std::span<const float> weights, std::size_t r, std::span<float> row) const {
        for (std::size_t c = 0; c < columns; ++c) {
            row[c] = weights[r * row_stride + c * column_stride];
        }
    }
    void put(std::span<const float> row, std::size_t r, std::span<float> weights) const {
        for (std::size_t c = 0; c < columns; ++c) {
            weights[r * row_stride + c * column_stride] = row[c];
        }
    }
};
[[nodiscard]] inline StoredRows stored_rows(const Tensor& tensor) {
    return tensor.group == Group::output ? StoredRows{tensor.columns, tensor.rows, 1, tensor.columns}
                                         : StoredRows{tensor.rows, tensor.columns, tensor.columns, 1};
}

/// First stored row of each tensor among those of all that have levels, and behind the last one their number.
[[nodiscard]] std::vector<std::size_t> first_rows(std::span<const Tensor> tensors);

/// Steps are m * 2^(e - 30) with m = 8 .. 15 and e = 0 .. 31: step_at(8 e + m - 8). Neighbours are 7 to 13 %
/// apart, from 7.5e-9 to 30. A level has at most 12 bits and m has 4, so their product is exact in fp32.
inline constexpr std::size_t kSteps = 256;
inline constexpr std::int32_t kMaxWeightLevel = 4095;

/// Ascending.
[[nodiscard]] float step_at(std::size_t index);
/// The step that is nearest in proportion; that of a value beyond the ends is the end's.
[[nodiscard]] std::size_t nearest_step(double value);
/// sqrt(mean of w^2) of a row's weights.
[[nodiscard]] double root_mean_square(std::span<const float> row);

/// A row's levels are weight / step_at(step). A row of zeros has step 0.
struct QuantisedRow {
    std::size_t step = 0;
};

/// The largest step for which are_of(weights, step); none: there is none. A row of zeros has step 0.
[[nodiscard]] std::optional<QuantisedRow> largest_step(std::span<const float> weights,
                                                       bool (*are_of)(std::span<const float> weights,
                                                                      float step));
/// The largest step of which all weights are levels up to kMaxWeightLevel; none: the row is not quantised.
[[nodiscard]] std::optional<QuantisedRow> quantised_row(std::span<const float> weights);
/// The level of a weight for which quantised_row gave the step.
[[nodiscard]] inline std::int32_t level_of(float weight, std::size_t step) {
    return static_cast<std::int32_t>(weight / step_at(step));
}
/// weight / step where that is a whole level up to kMaxWeightLevel. A quotient is exact when the level is
/// whole, since level * step is the weight exactly.
[[nodiscard]] std::optional<std::int32_t> whole_level(float weight, float step);
/// Rounds weights to the nearest levels of a step, halves away from zero, cut at kMaxWeightLevel.
void round_row(std::span<float> weights, std::size_t step);

}  // namespace bitlaw::model
