#pragma once
/// \file Weights that are no finite numbers are refused, by writers and readers.

#include <cstddef>
#include <span>
#include <string>

#include "bitlaw/model/tensor.hpp"

namespace bitlaw::model {

[[nodiscard]] bool is_finite(float value);

/// The training has diverged: throws Error with the weight's number among all.
[[noreturn]] void fail_weight(const Tensor& tensor, std::size_t index, float weight);
void require_finite(const Tensor& tensor, std::span<const float> weights);

/// The file `name` is damaged: throws Error.
void require_undamaged(const Tensor& tensor, std::span<const float> weights, const std::string& name);

}  // namespace bitlaw::model
