#pragma once
/// \file From the residual stream to logits: a norm, a product, a bias. Exactness class A.

#include <cstddef>

#include "bitlaw/model/gradient_tasks.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::model {

/// What n rows leave in the head, where it has a norm; without one nothing is touched.
struct HeadRows {
    float* normal;   ///< [n, C] the normalised rows
    float* inverse;  ///< [n] 1 / root
    float* gained;   ///< [n, C] times the gain, where there is one; may be normal where nothing is kept
};

/// Of a head: what its product reads, of rows and of the stream x.
[[nodiscard]] const float* head_input(const HeadSpec& head, const HeadRows& rows, const float* x);

/// x [n, C] -> logits [n, V].
void head_rows(const PackedModel& model, const float* x, std::size_t n, const HeadRows& rows, float* logits);

/// dlogits [n, V] -> dx [n, C]. rows: what head_rows left; dentered [n, C] receives the gradient of what its
/// product read, scratch [n, C] is overwritten where the norm has a gain.
void head_rows_backward(const PackedModel& model, const float* dlogits, const HeadRows& rows, std::size_t n,
                        float* dentered, float* scratch, float* dx);

/// Where the gradients of the head's tensors come from: rows [M] of all tokens, x [M, C] the stream, dentered
/// [M, C], dlogits [M, V].
void head_gradients(const PackedModel& model, const HeadRows& rows, const float* x, const float* dentered,
                    const float* dlogits, GradientTasks& tasks);

}  // namespace bitlaw::model
