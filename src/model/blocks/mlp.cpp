// f(x) = activation(x Up + up_bias) Down + down_bias; the biases are optional.

#include "bitlaw/model/blocks.hpp"

namespace bitlaw::model {
namespace {

using kernels::ChainStart;

enum Tensors : std::size_t { kUp, kUpBias, kDown, kDownBias };
enum Values : std::size_t { kRaised, kHidden, kResult };
enum Gradients : std::size_t { kHiddenAgain, kDraised };

std::vector<TensorSpec> tensors(const BlockSpec& s) {
    const std::size_t bias = s.hidden.biases ? 1 : 0;
    return {{"up", s.width, s.hidden.width, Group::matrix, Init::product},
            {"up_bias", bias, s.hidden.width, Group::vector, Init::zero},
            {"down", s.hidden.width, s.width, Group::matrix, s.residual},
            {"down_bias", bias, s.width, Group::vector, Init::zero}};
}

std::vector<Value> values(const BlockSpec& s) {
    return {{s.hidden.width, Lifetime::kept},
            {s.hidden.width, Lifetime::tile, kRaised},
            {s.hidden.biases ? s.width : 0, Lifetime::tile}};
}

std::vector<std::size_t> gradients(const BlockSpec& s) { return {s.hidden.width, s.hidden.width}; }

void finish(const BlockView& b, const BlockRows& rows, std::size_t n) {
    const kernels::Kernels& k = kernels::kernel_table();
    const std::size_t width = b.spec.width;
    const std::size_t hidden = b.spec.hidden.width;
    const bool biases = b.spec.hidden.biases;
    multiply(b.forward[kUp], {rows.in, width}, n, biases ? ChainStart::bias : ChainStart::zero,
             b.vector(kUpBias), {rows.value[kRaised], hidden});
    (k.*b.spec.hidden.activation->forward)(rows.value[kRaised], n * hidden, rows.value[kHidden]);
    if (biases) {
        multiply(b.forward[kDown], {rows.value[kHidden], hidden}, n, ChainStart::bias, b.vector(kDownBias),
                 {rows.value[kResult], width});
        k.add(rows.value[kResult], n * width, rows.sum);
    } else {
        multiply(b.forward[kDown], {rows.value[kHidden], hidden}, n, ChainStart::accumulate, nullptr,
                 {rows.sum, width});
    }
}

void finish_backward(const BlockView& b, const BlockRows& rows, const BlockGradients& g, std::size_t n) {
    const kernels::Kernels& k = kernels::kernel_table();
    const std::size_t width = b.spec.width;
    const std::size_t hidden = b.spec.hidden.width;
    float* draised = g.value[kDraised];
    (k.*b.spec.hidden.activation->forward)(rows.value[kRaised], n * hidden, g.value[kHiddenAgain]);
    multiply(b.backward[kDown], {g.dsum, width}, n, ChainStart::zero, nullptr, {draised, hidden});
    (k.*b.spec.hidden.activation->backward)(rows.value[kRaised], draised, n * hidden, draised);
    multiply(b.backward[kUp], {draised, hidden}, n, g.start, nullptr, {g.din, width});
}

void weight_gradients(const BlockView& b, const BlockRows& rows, const BlockGradients& g,
                      GradientTasks& tasks) {
    tasks.product(b.tensors[kDown], g.value[kHiddenAgain], g.dsum);
    tasks.product(b.tensors[kUp], rows.in, g.value[kDraised]);
    if (b.spec.hidden.biases) {
        tasks.sum(b.tensors[kDownBias], g.dsum);
        tasks.sum(b.tensors[kUpBias], g.value[kDraised]);
    }
}

}  // namespace

const Block kMlp = {.name = "mlp",
                    .tensors = tensors,
                    .values = values,
                    .gradients = gradients,
                    .begin = nullptr,
                    .finish = finish,
                    .finish_backward = finish_backward,
                    .begin_backward = nullptr,
                    .weight_gradients = weight_gradients,
                    .mixing = nullptr};

}  // namespace bitlaw::model
