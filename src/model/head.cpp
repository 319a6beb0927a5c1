#include "bitlaw/model/head.hpp"

#include <algorithm>

#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/gained_norm.hpp"

namespace bitlaw::model {

using kernels::ChainStart;

const float* head_input(const HeadSpec& head, const HeadRows& rows, const float* x) {
    return head.gain ? rows.gained : head.rms_norm ? rows.normal : x;
}

void head_rows(const PackedModel& model, const float* x, std::size_t n, const HeadRows& rows, float* logits) {
    const HeadSpec& head = model.spec().head;
    if (head.gain) {
        gained_rms_norm({x, head.width}, n, head.width, model.vector(model.model().layout.output_gain),
                        head.epsilon, {rows.normal, head.width}, rows.inverse, {rows.gained, head.width});
    } else if (head.rms_norm) {
        kernels::kernel_table().rms_norm({x, head.width}, n, head.width, {rows.normal, head.width},
                                         rows.inverse);
    }
    multiply(model.output(), {head_input(head, rows, x), head.width}, n,
             head.bias ? ChainStart::bias : ChainStart::zero,
             head.bias ? model.vector(model.model().layout.output_bias) : nullptr, {logits, head.alphabet});
}

void head_rows_backward(const PackedModel& model, const float* dlogits, const HeadRows& rows, std::size_t n,
                        float* dentered, float* scratch, float* dx) {
    const HeadSpec& head = model.spec().head;
    const std::size_t width = head.width;
    multiply(model.output_back(), {dlogits, head.alphabet}, n, ChainStart::zero, nullptr,
             {head.rms_norm ? dentered : dx, width});
    if (!head.rms_norm) {
        return;
    }
    std::fill_n(dx, n * width, 0.0F);
    if (head.gain) {
        gained_rms_norm_backward({dentered, width}, {rows.normal, width}, rows.inverse,
                                 model.vector(model.model().layout.output_gain), n, width, scratch,
                                 {dx, width});
    } else {
        kernels::kernel_table().rms_norm_backward({dentered, width}, {rows.normal, width}, rows.inverse, n,
                                                  width, {dx, width});
    }
}

void head_gradients(const PackedModel& model, const HeadRows& rows, const float* x, const float* dentered,
                    const float* dlogits, GradientTasks& tasks) {
    const HeadSpec& head = model.spec().head;
    tasks.product(model.model().layout.output, head_input(head, rows, x), dlogits);
    if (head.bias) {
        tasks.sum(model.model().layout.output_bias, dlogits);
    }
    if (head.gain) {
        tasks.scaled_sum(model.model().layout.output_gain, rows.normal, dentered);
    }
}

}  // namespace bitlaw::model
