#pragma once
/// \file RMSNorm with a gain for every column and an epsilon of the network's own (Zhang and Sennrich 2019).
/// Exactness class A.

#include <cstddef>

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::model {

/// inverse[r] = 1 / sqrt(lanesum(x^2) / C + epsilon), normal = x * inverse, y = normal * gain. x, normal, y
/// [n, C]; gain [C]; normal may be x, y may be normal.
void gained_rms_norm(kernels::Rows x, std::size_t n, std::size_t width, const float* gain, float epsilon,
                     kernels::OutRows normal, float* inverse, kernels::OutRows y);

/// dx += the gradient of x, from dy [n, C] and what the forward pass left. scratch [n, C] is overwritten.
void gained_rms_norm_backward(kernels::Rows dy, kernels::Rows normal, const float* inverse, const float* gain,
                              std::size_t n, std::size_t width, float* scratch, kernels::OutRows dx);

}  // namespace bitlaw::model
