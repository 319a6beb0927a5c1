#pragma once
/// \file From the residual stream to logits: a norm, a product, a bias. Exactness class A.

#include <cstddef>

#include "bitlaw/model/gradient_tasks.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::model {

/// x [n, C] -> logits [n, V]. Where the head has a norm, normal [n, C] receives the normalised rows and
/// inverse [n] 1 / root; otherwise they are left alone.
void head_rows(const PackedModel& model, const float* x, std::size_t n, float* normal, float* inverse,
               float* logits);

/// dlogits [n, V] -> dx [n, C]. normal, inverse: what head_rows left; dnormal [n, C] is scratch memory.
void head_rows_backward(const PackedModel& model, const float* dlogits, const float* normal,
                        const float* inverse, std::size_t n, float* dnormal, float* dx);

/// Where the gradients of the head's tensors come from: entered [M, C] is normal, or x without a norm;
/// dlogits [M, V].
void head_gradients(const PackedModel& model, const float* entered, const float* dlogits,
                    GradientTasks& tasks);

}  // namespace bitlaw::model
