#include "bitlaw/model/network.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/model/embedding.hpp"
#include "bitlaw/model/layer_backward.hpp"
#include "bitlaw/model/rotary.hpp"
#include "network_buffers.hpp"

namespace bitlaw::model {

using namespace symbols;
using namespace kernels;

namespace {

/// Queries that one attention task takes; keys of the window are packed once for them.
constexpr std::size_t kAttentionQueries = 256;

void grow(Floats& memory, std::size_t floats) {
    if (memory.size() < floats) {
        memory.resize(floats);
    }
}

}  // namespace

struct Network::State {
    explicit State(const PackedModel& packed)
        : model(packed),
          widths(packed.config()),
          shape(attention_shape(packed.config())),
          angles(packed.config()),
          layers(packed.config().layers),
          modern(packed.config().architecture == Architecture::modern) {}

    void prepare(const SequenceBatch& batch, bool for_gradient);
    void forward();
    double code_length();
    void record_bits(const float* numerators, std::size_t token, std::size_t n);
    [[nodiscard]] AttentionBlock sequence_block(const LayerActivations& activations, std::size_t token) const;
    void attention(std::size_t layer);
    double backward(float factor, std::span<float> gradient);
    void layer_backward(std::size_t layer, std::span<float> gradient);
    void attention_backward(std::size_t layer);
    void run_tasks(const std::vector<WeightGradientTask>& tasks) const;
    [[nodiscard]] double sum_of_bits() const;

    /// The values of all M tokens inside a layer; `first` shifts every pointer to that token.
    LayerRows rows(std::size_t layer, std::size_t first, Worker* worker);
    LayerGradientRows gradient_rows(std::size_t first, Worker* worker);

    /// Calls body(first token, tokens, first position, worker) for tiles that do not cross sequences.
    template <class Body>
    void for_tiles(Body body) {
        const std::size_t per_sequence = (positions + kTileRows - 1) / kTileRows;
        parallel_for(sequences * per_sequence, [&](std::size_t task, std::size_t worker) {
            const std::size_t position = task % per_sequence * kTileRows;
            const std::size_t token = task / per_sequence * positions + position;
            body(token, std::min(kTileRows, positions - position), position, workers[worker]);
        });
    }

    /// The residual stream that enters layer `layer` (== layers.size(): that leaves the last one). Modern
    /// models keep one in place.
    [[nodiscard]] float* stream(std::size_t layer) {
        return modern || layer == 0 ? embedded.data() : layers[layer - 1].out.data();
    }

    /// The input symbol of a sequence's position, with the taps' symbols before it.
    [[nodiscard]] Symbol* input(std::size_t sequence, std::size_t position) {
        const std::size_t taps = model.config().taps;
        return inputs.data() + sequence * (taps + positions) + taps + position;
    }

    const PackedModel& model;
    Widths widths;
    AttentionShape shape;
    RotaryAngles angles;
    std::size_t sequences = 0;  // B of the current batch
    std::size_t positions = 0;  // T
    std::size_t tokens = 0;     // M = B T
    std::vector<LayerActivations> layers;
    bool modern;
    Floats cosine, sine;          // [T, D/2]
    std::vector<Symbol> inputs;   // [B, taps + T] symbols shifted by one, behind start symbols for the taps
    std::vector<Symbol> targets;  // [M]
    Floats embedded;              // [M, C]
    Floats final_normal;          // [M, C] modern
    Floats final_inverse;         // [M]    modern
    Floats logits;                // [M, V]
    Floats totals;                // [M] softmax's denominators
    std::vector<double> bits;     // [M] code length of each token
    GradientBuffers buffers;
    std::vector<Worker> workers;
};

LayerRows Network::State::rows(std::size_t layer, std::size_t first, Worker* worker) {
    LayerActivations& a = layers[layer];
    const Widths& w = widths;
    float* in = stream(layer) + first * w.width;
    return {.in = in,
            .normal1 = a.normal1.data() + first * w.width,
            .inverse1 = a.inverse1.data() + first,
            .qkv = a.qkv.data() + first * w.projected,
            .q_inverse = a.q_inverse.data() + (modern ? first * w.heads : 0),
            .k_inverse = a.k_inverse.data() + (modern ? first * w.kv_heads : 0),
            .attended = a.attended.data() + first * w.attended,
            .middle = modern ? in : a.middle.data() + first * w.width,
            .normal2 = a.normal2.data() + first * w.width,
            .inverse2 = a.inverse2.data() + first,
            .up = a.up.data() + first * w.hidden,
            .hidden = worker == nullptr ? nullptr : worker->hidden.data(),
            .out = stream(layer + 1) + first * w.width};
}

LayerGradientRows Network::State::gradient_rows(std::size_t first, Worker* worker) {
    GradientBuffers& b = buffers;
    const Widths& w = widths;
    return {.dout = b.dout.data() + first * w.width,
            .hidden = b.hidden.data() + first * w.hidden,
            .dup = b.dup.data() + first * w.hidden,
            .dmlp = b.dmlp.data() + (modern ? 0 : first * w.width),
            .dmiddle = b.dmiddle.data() + first * w.width,
            .dsum = b.dsum.data() + (modern ? 0 : first * w.width),
            .dattended = b.dattended.data() + first * w.attended,
            .dqkv = b.dqkv.data() + first * w.projected,
            .dnormal = worker == nullptr ? nullptr : worker->dnormal.data(),
            .din = b.din.data() + first * w.width};
}

void Network::State::prepare(const SequenceBatch& batch, bool for_gradient) {
    BITLAW_ASSERT(batch.symbols.size() == batch.tokens() && batch.tokens() > 0);
    const Widths& w = widths;
    const bool new_length = positions != batch.positions;
    sequences = batch.sequences;
    positions = batch.positions;
    tokens = batch.tokens();
    if (new_length) {
        cosine.resize(positions * w.half_head);
        sine.resize(positions * w.half_head);
        for (std::size_t t = 0; t < positions; ++t) {
            angles.fill(t, cosine.data() + t * w.half_head, sine.data() + t * w.half_head);
        }
    }
    targets.assign(batch.symbols.begin(), batch.symbols.end());
    for (std::size_t token = 0; token < tokens; ++token) {
        BITLAW_ASSERT(targets[token] < w.alphabet);
    }
    const std::size_t taps = model.config().taps;
    inputs.assign(sequences * (taps + positions), kStartSymbol);
    for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
        std::copy_n(targets.begin() + static_cast<std::ptrdiff_t>(sequence * positions), positions - 1,
                    input(sequence, 1));
    }
    grow(embedded, tokens * w.width);
    grow(logits, tokens * w.alphabet);
    grow(totals, tokens);
    bits.resize(tokens);
    if (modern) {
        grow(final_normal, tokens * w.width);
        grow(final_inverse, tokens);
    }
    for (LayerActivations& a : layers) {
        grow(a.normal1, tokens * w.width);
        grow(a.inverse1, tokens);
        grow(a.qkv, tokens * w.projected);
        grow(a.maximum, tokens * w.heads);
        grow(a.sum, tokens * w.heads);
        grow(a.attended, tokens * w.attended);
        grow(a.normal2, tokens * w.width);
        grow(a.inverse2, tokens);
        grow(a.up, tokens * w.hidden);
        if (modern) {
            grow(a.q_inverse, tokens * w.heads);
            grow(a.k_inverse, tokens * w.kv_heads);
        } else {
            grow(a.middle, tokens * w.width);
            grow(a.out, tokens * w.width);
        }
    }
    workers.resize(std::max(workers.size(), thread_count()));
    const std::size_t scratch = kernel_table().attention_scratch(shape, positions, 0);
    for (Worker& worker : workers) {
        grow(worker.hidden, kTileRows * w.hidden);
        grow(worker.dnormal, kTileRows * w.width);
        grow(worker.attention, scratch);
    }
    if (for_gradient) {
        GradientBuffers& b = buffers;
        for (Floats* memory : {&b.dout, &b.din, &b.dmiddle}) {
            grow(*memory, tokens * w.width);
        }
        if (!modern) {
            grow(b.dmlp, tokens * w.width);
            grow(b.dsum, tokens * w.width);
        }
        grow(b.hidden, tokens * w.hidden);
        grow(b.dup, tokens * w.hidden);
        grow(b.dattended, tokens * w.attended);
        grow(b.dqkv, tokens * w.projected);
    }
}

/// Queries, keys and values of the sequence that begins at `token`.
AttentionBlock Network::State::sequence_block(const LayerActivations& activations, std::size_t token) const {
    const float* qkv = activations.qkv.data() + token * widths.projected;
    return {.q = qkv,
            .ldq = widths.projected,
            .k = qkv + widths.attended,
            .ldk = widths.projected,
            .v = qkv + widths.attended + widths.keys,
            .ldv = widths.projected,
            .queries = positions,
            .past = 0};
}

void Network::State::attention(std::size_t layer) {
    LayerActivations& a = layers[layer];
    const std::size_t parts = (positions + kAttentionQueries - 1) / kAttentionQueries;
    const std::size_t per_sequence = widths.kv_heads * parts;
    parallel_for(sequences * per_sequence, [&](std::size_t task, std::size_t worker) {
        const std::size_t token = task / per_sequence * positions;
        const std::size_t head = task % per_sequence / parts;
        const std::size_t first = (parts - 1 - task % parts) * kAttentionQueries;  // the longest first
        const AttentionBlock block = sequence_block(a, token);
        kernel_table().attention_forward(
            shape, block, head, first, std::min(positions, first + kAttentionQueries),
            a.attended.data() + token * widths.attended, widths.attended,
            a.maximum.data() + token * widths.heads, a.sum.data() + token * widths.heads,
            workers[worker].attention.data());
    });
}

void Network::State::forward() {
    for_tiles([&](std::size_t token, std::size_t n, std::size_t position, Worker&) {
        embed_rows(model.model(), input(token / positions, position), n,
                   embedded.data() + token * widths.width);
        before_attention(model, 0, rows(0, token, nullptr), n, cosine.data() + position * widths.half_head,
                         sine.data() + position * widths.half_head);
    });
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        attention(layer);
        for_tiles([&](std::size_t token, std::size_t n, std::size_t position, Worker& worker) {
            after_attention(model, layer, rows(layer, token, &worker), n);
            if (layer + 1 < layers.size()) {
                before_attention(model, layer + 1, rows(layer + 1, token, &worker), n,
                                 cosine.data() + position * widths.half_head,
                                 sine.data() + position * widths.half_head);
                return;
            }
            const float* x = stream(layers.size()) + token * widths.width;
            logit_rows(model, x, n, modern ? final_normal.data() + token * widths.width : nullptr,
                       modern ? final_inverse.data() + token : nullptr,
                       logits.data() + token * widths.alphabet);
        });
    }
}

/// Code lengths of n tokens from their softmax numerators [n, V] and `totals`.
void Network::State::record_bits(const float* numerators, std::size_t token, std::size_t n) {
    for (std::size_t row = 0; row < n; ++row) {
        const double numerator = numerators[row * widths.alphabet + targets[token + row]];
        const double inverse = static_cast<double>(totals[token + row]) / numerator;
        // A diverging run must show as a loss that is not finite: its caller knows the step and the learning
        // rate.
        bits[token + row] = std::isfinite(inverse) ? exact_log2(inverse) : inverse;
    }
}

/// Code length of the batch in bits, from the logits, which stay.
double Network::State::code_length() {
    const std::size_t alphabet = widths.alphabet;
    for_tiles([&](std::size_t token, std::size_t n, std::size_t, Worker& worker) {
        grow(worker.numerators, kTileRows * alphabet);
        const float* x = logits.data() + token * alphabet;
        kernel_table().softmax_numerators(x, alphabet, n, alphabet, worker.numerators.data(), alphabet,
                                          totals.data() + token);
        record_bits(worker.numerators.data(), token, n);
    });
    return sum_of_bits();
}

void Network::State::attention_backward(std::size_t layer) {
    LayerActivations& a = layers[layer];
    parallel_for(sequences * widths.kv_heads, [&](std::size_t task, std::size_t worker) {
        const std::size_t token = task / widths.kv_heads * positions;
        float* dqkv = buffers.dqkv.data() + token * widths.projected;
        const AttentionBlock block = sequence_block(a, token);
        kernel_table().attention_backward(
            shape, block, task % widths.kv_heads, a.attended.data() + token * widths.attended,
            widths.attended, buffers.dattended.data() + token * widths.attended, widths.attended,
            a.maximum.data() + token * widths.heads, a.sum.data() + token * widths.heads, dqkv,
            widths.projected, dqkv + widths.attended, widths.projected, dqkv + widths.attended + widths.keys,
            widths.projected, workers[worker].attention.data());
    });
}

/// buffers.dout -> buffers.din through one layer, adding the layer's weight gradients.
void Network::State::layer_backward(std::size_t layer, std::span<float> gradient) {
    for_tiles([&](std::size_t token, std::size_t n, std::size_t, Worker& worker) {
        after_attention_backward(model, layer, rows(layer, token, nullptr), gradient_rows(token, &worker), n);
    });
    attention_backward(layer);
    for_tiles([&](std::size_t token, std::size_t n, std::size_t position, Worker& worker) {
        before_attention_backward(model, layer, rows(layer, token, nullptr), gradient_rows(token, &worker), n,
                                  cosine.data() + position * widths.half_head,
                                  sine.data() + position * widths.half_head);
    });
    run_tasks(weight_gradient_tasks(model.model(), layer, rows(layer, 0, nullptr), gradient_rows(0, nullptr),
                                    gradient.data()));
}

/// logits (from forward) -> gradient of all weights, and the batch's code length in bits.
double Network::State::backward(float factor, std::span<float> gradient) {
    const std::size_t alphabet = widths.alphabet;
    for_tiles([&](std::size_t token, std::size_t n, std::size_t, Worker& worker) {
        float* x = logits.data() + token * alphabet;
        float* total = totals.data() + token;
        kernel_table().softmax_numerators(x, alphabet, n, alphabet, x, alphabet, total);
        record_bits(x, token, n);
        kernel_table().cross_entropy_backward(x, alphabet, total, targets.data() + token, factor, n, alphabet,
                                              x, alphabet);
        logit_rows_backward(model, x, modern ? final_normal.data() + token * widths.width : nullptr,
                            modern ? final_inverse.data() + token : nullptr, n, worker.dnormal.data(),
                            buffers.dout.data() + token * widths.width);
    });
    const float* entered = modern ? final_normal.data() : stream(layers.size());  // [M, C]
    run_tasks(output_gradient_tasks(model.model(), entered, logits.data(), gradient.data()));
    for (std::size_t layer = layers.size(); layer-- > 0;) {
        layer_backward(layer, gradient);
        std::swap(buffers.dout, buffers.din);
    }
    constexpr std::size_t kColumns = 16;
    parallel_for((widths.width + kColumns - 1) / kColumns, [&](std::size_t task) {
        for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
            embed_rows_backward(model.model(), input(sequence, 0), positions,
                                buffers.dout.data() + sequence * positions * widths.width, task * kColumns,
                                std::min(widths.width, (task + 1) * kColumns), gradient.data());
        }
    });
    return sum_of_bits();
}

void Network::State::run_tasks(const std::vector<WeightGradientTask>& tasks) const {
    parallel_for(tasks.size(), [&](std::size_t index) { run(tasks[index], tokens); });
}

double Network::State::sum_of_bits() const {
    double sum = 0.0;
    for (std::size_t token = 0; token < tokens; ++token) {
        sum += bits[token];
    }
    return sum;
}

Network::Network(const PackedModel& model) : state_(std::make_unique<State>(model)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

double Network::loss(const SequenceBatch& batch) {
    const FloatStateGuard guard;
    state_->prepare(batch, false);
    state_->forward();
    return state_->code_length();
}

double Network::gradient(const SequenceBatch& batch, float factor, std::span<float> gradient) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(gradient.size() == state_->model.model().layout.size);
    BITLAW_ASSERT(state_->model.purpose() == PackFor::training);
    // The bf16 chains go over pairs of tokens, which must not cross sequences.
    BITLAW_ASSERT(state_->model.config().arithmetic == Arithmetic::fp32 || batch.positions % 2 == 0);
    state_->prepare(batch, true);
    state_->forward();
    return state_->backward(factor, gradient);
}

std::span<const float> Network::logits() const {
    return std::span<const float>(state_->logits).first(state_->tokens * state_->widths.alphabet);
}

std::span<const double> Network::code_lengths() const { return state_->bits; }

}  // namespace bitlaw::model
