// f(x) = (gate(x Gate) * (x Up)) Down, element by element, without biases (Shazeer 2020, "GLU variants").

#include "bitlaw/model/blocks.hpp"

namespace bitlaw::model {
namespace {

using kernels::ChainStart;
using kernels::Kernels;

enum Tensors : std::size_t { kGate, kUp, kDown };
enum Values : std::size_t { kOpened, kRaised, kHidden };
enum Gradients : std::size_t { kHiddenAgain, kDopened, kDraised };

using Forward = void (*Kernels::*)(const float* g, const float* u, std::size_t n, float* y);
using Backward = void (*Kernels::*)(const float* g, const float* u, const float* dy, std::size_t n, float* dg,
                                    float* du);

std::vector<TensorSpec> tensors(const BlockSpec& s) {
    return {{"gate", s.width, s.hidden.width, Group::matrix, Init::product},
            {"up", s.width, s.hidden.width, Group::matrix, Init::product},
            {"down", s.hidden.width, s.width, Group::matrix, s.residual}};
}

std::vector<Value> values(const BlockSpec& s) {
    return {{s.hidden.width, Lifetime::kept},
            {s.hidden.width, Lifetime::kept},
            {s.hidden.width, Lifetime::tile, kOpened}};
}

std::vector<std::size_t> gradients(const BlockSpec& s) {
    return {s.hidden.width, s.hidden.width, s.hidden.width};
}

template <Forward kForward>
void finish(const BlockView& b, const BlockRows& rows, std::size_t n) {
    const std::size_t width = b.spec.width;
    const std::size_t hidden = b.spec.hidden.width;
    float* opened = rows.value[kOpened];
    float* raised = rows.value[kRaised];
    multiply(b.forward[kGate], {rows.in, width}, n, ChainStart::zero, nullptr, {opened, hidden});
    multiply(b.forward[kUp], {rows.in, width}, n, ChainStart::zero, nullptr, {raised, hidden});
    (kernels::kernel_table().*kForward)(opened, raised, n * hidden, rows.value[kHidden]);
    multiply(b.forward[kDown], {rows.value[kHidden], hidden}, n, ChainStart::accumulate, nullptr,
             {rows.sum, width});
}

template <Forward kForward, Backward kBackward>
void finish_backward(const BlockView& b, const BlockRows& rows, const BlockGradients& g, std::size_t n) {
    const kernels::Kernels& k = kernels::kernel_table();
    const std::size_t width = b.spec.width;
    const std::size_t hidden = b.spec.hidden.width;
    const float* opened = rows.value[kOpened];
    const float* raised = rows.value[kRaised];
    float* dopened = g.value[kDopened];
    float* draised = g.value[kDraised];
    (k.*kForward)(opened, raised, n * hidden, g.value[kHiddenAgain]);
    multiply(b.backward[kDown], {g.dsum, width}, n, ChainStart::zero, nullptr, {draised, hidden});
    (k.*kBackward)(opened, raised, draised, n * hidden, dopened, draised);
    multiply(b.backward[kGate], {dopened, hidden}, n, g.start, nullptr, {g.din, width});
    multiply(b.backward[kUp], {draised, hidden}, n, ChainStart::accumulate, nullptr, {g.din, width});
}

void weight_gradients(const BlockView& b, const BlockRows& rows, const BlockGradients& g,
                      GradientTasks& tasks) {
    tasks.product(b.tensors[kDown], g.value[kHiddenAgain], g.dsum);
    tasks.product(b.tensors[kUp], rows.in, g.value[kDraised]);
    tasks.product(b.tensors[kGate], rows.in, g.value[kDopened]);
}

template <Forward kForward, Backward kBackward>
constexpr Block gated(const char* name) {
    return {.name = name,
            .tensors = tensors,
            .values = values,
            .gradients = gradients,
            .begin = nullptr,
            .finish = finish<kForward>,
            .finish_backward = finish_backward<kForward, kBackward>,
            .begin_backward = nullptr,
            .weight_gradients = weight_gradients,
            .mixing = nullptr};
}

}  // namespace

const Block kSiluGatedMlp = gated<&Kernels::silu_gate, &Kernels::silu_gate_backward>("gated_mlp");
const Block kSquaredReluGatedMlp =
    gated<&Kernels::squared_relu_gate, &Kernels::squared_relu_gate_backward>("squared_relu_gated_mlp");

}  // namespace bitlaw::model
