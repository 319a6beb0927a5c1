#include "bitlaw/model/head.hpp"

#include <algorithm>

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::model {

using kernels::ChainStart;

void head_rows(const PackedModel& model, const float* x, std::size_t n, float* normal, float* inverse,
               float* logits) {
    const HeadSpec& head = model.spec().head;
    if (head.rms_norm) {
        kernels::kernel_table().rms_norm({x, head.width}, n, head.width, {normal, head.width}, inverse);
    }
    multiply(model.output(), {head.rms_norm ? normal : x, head.width}, n,
             head.bias ? ChainStart::bias : ChainStart::zero,
             head.bias ? model.vector(model.model().layout.output_bias) : nullptr, {logits, head.alphabet});
}

void head_rows_backward(const PackedModel& model, const float* dlogits, const float* normal,
                        const float* inverse, std::size_t n, float* dnormal, float* dx) {
    const HeadSpec& head = model.spec().head;
    multiply(model.output_back(), {dlogits, head.alphabet}, n, ChainStart::zero, nullptr,
             {head.rms_norm ? dnormal : dx, head.width});
    if (head.rms_norm) {
        std::fill_n(dx, n * head.width, 0.0F);
        kernels::kernel_table().rms_norm_backward({dnormal, head.width}, {normal, head.width}, inverse, n,
                                                  head.width, {dx, head.width});
    }
}

void head_gradients(const PackedModel& model, const float* entered, const float* dlogits,
                    GradientTasks& tasks) {
    tasks.product(model.model().layout.output, entered, dlogits);
    if (model.spec().head.bias) {
        tasks.sum(model.model().layout.output_bias, dlogits);
    }
}

}  // namespace bitlaw::model
