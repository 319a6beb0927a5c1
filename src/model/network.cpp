#include "bitlaw/model/network.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/model/embedding.hpp"
#include "bitlaw/model/gradient_tasks.hpp"
#include "bitlaw/model/head.hpp"
#include "bitlaw/model/rotary.hpp"
#include "bitlaw/model/rows.hpp"
#include "bitlaw/model/rows_backward.hpp"

namespace bitlaw::model {

using namespace symbols;
using namespace kernels;

namespace {

void grow(Floats& memory, std::size_t floats) {
    if (memory.size() < floats) {
        memory.resize(floats);
    }
}

/// Scratch memory of one worker.
struct Worker {
    Floats tile;        // of the rows of a tile
    Floats mixing;      // what blocks ask for between positions
    Floats numerators;  // [kTileRows, V]
};

}  // namespace

struct Network::State {
    explicit State(const PackedModel& packed)
        : model(packed),
          width(packed.spec().embedding.width),
          alphabet(packed.spec().head.alphabet),
          taps(packed.spec().embedding.taps),
          angles(packed.spec().rotary),
          memory(packed, Keep::activations),
          gradients(packed) {}

    void prepare(const SequenceBatch& batch, bool for_gradient);
    void forward();
    void mix(std::size_t block);
    double code_length();
    void record_bits(const float* numerators, std::size_t token, std::size_t n);
    double backward(float factor, std::span<float> gradient);
    void layer_backward(GradientMemory::Range layer, std::span<float> gradient);
    void mix_backward(std::size_t block);
    [[nodiscard]] double sum_of_bits() const;

    /// Calls body(tile, worker) for tiles that do not cross sequences.
    template <class Body>
    void for_tiles(Body body) {
        const std::size_t per_sequence = (positions + kTileRows - 1) / kTileRows;
        const std::size_t pairs = angles.pairs();
        parallel_for(sequences * per_sequence, [&](std::size_t task, std::size_t index) {
            const std::size_t position = task % per_sequence * kTileRows;
            Worker& worker = workers[index];
            body(RowTile{.first = task / per_sequence * positions + position,
                         .rows = std::min(kTileRows, positions - position),
                         .cosine = cosine.data() + position * pairs,
                         .sine = sine.data() + position * pairs,
                         .scratch = worker.tile.data()},
                 worker);
        });
    }

    /// The first row of a sequence, and no scratch memory.
    [[nodiscard]] RowTile sequence(std::size_t index) const {
        return {.first = index * positions,
                .rows = positions,
                .cosine = nullptr,
                .sine = nullptr,
                .scratch = nullptr};
    }

    /// The input symbol of a sequence's position, with the taps' symbols before it.
    [[nodiscard]] Symbol* input(std::size_t sequence, std::size_t position) {
        return inputs.data() + sequence * (taps + positions) + taps + position;
    }

    /// What the head leaves of the rows from `first` on.
    [[nodiscard]] HeadRows head(std::size_t first) {
        const auto at = [first](Floats& rows, std::size_t columns) {
            return rows.empty() ? nullptr : rows.data() + first * columns;
        };
        return {at(final_normal, width), at(final_inverse, 1), at(final_gained, width)};
    }
    [[nodiscard]] bool mixes(std::size_t block) const {
        return model.block_spec(block).kind->mixing != nullptr;
    }

    const PackedModel& model;
    std::size_t width;     // C
    std::size_t alphabet;  // V
    std::size_t taps;
    RotaryAngles angles;
    std::size_t sequences = 0;    // B of the current batch
    std::size_t positions = 0;    // T
    std::size_t tokens = 0;       // M = B T
    Floats cosine, sine;          // [T, D/2]
    std::vector<Symbol> inputs;   // [B, taps + T] symbols shifted by one, behind start symbols for the taps
    std::vector<Symbol> targets;  // [M]
    RowMemory memory;
    GradientMemory gradients;
    Floats final_normal;       // [M, C], where the head has a norm
    Floats final_inverse;      // [M]
    Floats final_gained;       // [M, C], where it has a gain
    Floats final_dentered;     // [M, C], the same
    Floats logits;             // [M, V]
    Floats totals;             // [M] softmax's denominators
    std::vector<double> bits;  // [M] code length of each token
    std::vector<Worker> workers;
    GradientTasks::Watch watch;
};

void Network::State::prepare(const SequenceBatch& batch, bool for_gradient) {
    BITLAW_ASSERT(batch.symbols.size() == batch.tokens() && batch.tokens() > 0);
    const bool new_length = positions != batch.positions;
    sequences = batch.sequences;
    positions = batch.positions;
    tokens = batch.tokens();
    if (new_length) {
        const std::size_t pairs = angles.pairs();
        cosine.resize(positions * pairs);
        sine.resize(positions * pairs);
        for (std::size_t t = 0; t < positions; ++t) {
            angles.fill(t, cosine.data() + t * pairs, sine.data() + t * pairs);
        }
    }
    targets.assign(batch.symbols.begin(), batch.symbols.end());
    for (std::size_t token = 0; token < tokens; ++token) {
        BITLAW_ASSERT(targets[token] < alphabet);
    }
    inputs.assign(sequences * (taps + positions), kStartSymbol);
    for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
        std::copy_n(targets.begin() + static_cast<std::ptrdiff_t>(sequence * positions), positions - 1,
                    input(sequence, 1));
    }
    grow(logits, tokens * alphabet);
    grow(totals, tokens);
    bits.resize(tokens);
    if (model.spec().head.rms_norm) {
        grow(final_normal, tokens * width);
        grow(final_inverse, tokens);
    }
    if (model.spec().head.gain) {
        grow(final_gained, tokens * width);
        grow(final_dentered, for_gradient ? tokens * width : 0);
    }
    memory.reserve(tokens);
    if (for_gradient) {
        gradients.reserve(tokens);
    }
    std::size_t mixing = 0;
    for (std::size_t block = 0; block < model.blocks(); ++block) {
        const BlockSpec& spec = model.block_spec(block);
        if (spec.kind->mixing != nullptr) {
            mixing = std::max(mixing, spec.kind->mixing->scratch(spec, positions));
        }
    }
    workers.resize(std::max(workers.size(), thread_count()));
    for (Worker& worker : workers) {
        grow(worker.tile, std::max(memory.scratch(), gradients.scratch()));
        grow(worker.mixing, mixing);
    }
}

void Network::State::mix(std::size_t block) {
    const BlockSpec& spec = model.block_spec(block);
    const std::size_t tasks = spec.kind->mixing->tasks(spec, positions);
    parallel_for(sequences * tasks, [&](std::size_t task, std::size_t worker) {
        spec.kind->mixing->forward(spec, memory.rows(block, sequence(task / tasks)), positions, task % tasks,
                                   workers[worker].mixing.data());
    });
}

void Network::State::forward() {
    const auto end_tile = [&](std::size_t reached, const RowTile& tile) {
        if (reached == model.blocks()) {
            head_rows(model, memory.stream(reached) + tile.first * width, tile.rows, head(tile.first),
                      logits.data() + tile.first * alphabet);
        }
    };
    for_tiles([&](const RowTile& tile, Worker&) {
        embed_rows(model.model(), input(tile.first / positions, tile.first % positions), tile.rows,
                   memory.stream(0) + tile.first * width);
        end_tile(enter_rows(model, memory, 0, tile), tile);
    });
    for (std::size_t block = next_mixing(model, 0); block < model.blocks();
         block = next_mixing(model, block + 1)) {
        mix(block);
        for_tiles(
            [&](const RowTile& tile, Worker&) { end_tile(leave_rows(model, memory, block, tile), tile); });
    }
}

/// Code lengths of n tokens from their softmax numerators [n, V] and `totals`.
void Network::State::record_bits(const float* numerators, std::size_t token, std::size_t n) {
    for (std::size_t row = 0; row < n; ++row) {
        const double numerator = numerators[row * alphabet + targets[token + row]];
        const double inverse = static_cast<double>(totals[token + row]) / numerator;
        // A diverging run must show as a loss that is not finite: its caller knows the step and the learning
        // rate.
        bits[token + row] = std::isfinite(inverse) ? exact_log2(inverse) : inverse;
    }
}

/// Code length of the batch in bits, from the logits, which stay.
double Network::State::code_length() {
    for_tiles([&](const RowTile& tile, Worker& worker) {
        grow(worker.numerators, kTileRows * alphabet);
        kernel_table().softmax_numerators({logits.data() + tile.first * alphabet, alphabet}, tile.rows,
                                          alphabet, {worker.numerators.data(), alphabet},
                                          totals.data() + tile.first);
        record_bits(worker.numerators.data(), tile.first, tile.rows);
    });
    return sum_of_bits();
}

void Network::State::mix_backward(std::size_t block) {
    const BlockSpec& spec = model.block_spec(block);
    const std::size_t tasks = spec.kind->mixing->backward_tasks(spec, positions);
    parallel_for(sequences * tasks, [&](std::size_t task, std::size_t worker) {
        const RowTile first = sequence(task / tasks);
        spec.kind->mixing->backward(spec, memory.rows(block, first), gradients.gradients(block, first),
                                    positions, task % tasks, workers[worker].mixing.data());
    });
}

/// From the gradient of the stream that leaves a layer to that which enters it, adding those of the weights.
void Network::State::layer_backward(GradientMemory::Range layer, std::span<float> gradient) {
    constexpr std::size_t kNone = ~std::size_t{0};
    std::size_t left = layer.last;  // this block and those behind it were left
    std::size_t mixed = kNone;      // the one that is mixed, but not entered yet
    while (left > layer.first || mixed != kNone) {
        std::size_t next = left;  // as far back as a block that mixes
        while (next > layer.first && (next == left || !mixes(next))) {
            --next;
        }
        for_tiles([&](const RowTile& tile, Worker&) {
            if (mixed != kNone) {
                enter_rows_backward(model, memory, gradients, mixed, tile);
            }
            for (std::size_t block = left; block-- > next;) {
                leave_rows_backward(model, memory, gradients, block, tile);
            }
        });
        mixed = next < left && mixes(next) ? next : kNone;
        left = next;
        if (mixed != kNone) {
            mix_backward(mixed);
        }
    }
    GradientTasks tasks(model.spec().arithmetic, gradient.data(), watch);
    for (std::size_t block = layer.last; block-- > layer.first;) {
        weight_gradients(model, memory, gradients, block, tasks);
    }
    tasks.run(tokens);
}

/// logits (from forward) -> gradient of all weights, and the batch's code length in bits.
double Network::State::backward(float factor, std::span<float> gradient) {
    for_tiles([&](const RowTile& tile, Worker&) {
        float* x = logits.data() + tile.first * alphabet;
        float* total = totals.data() + tile.first;
        kernel_table().softmax_numerators({x, alphabet}, tile.rows, alphabet, {x, alphabet}, total);
        record_bits(x, tile.first, tile.rows);
        kernel_table().cross_entropy_backward({x, alphabet}, total, targets.data() + tile.first, factor,
                                              tile.rows, alphabet, {x, alphabet});
        float* dentered = final_dentered.empty() ? tile.scratch : final_dentered.data() + tile.first * width;
        head_rows_backward(model, x, head(tile.first), tile.rows, dentered, tile.scratch,
                           gradients.leaving() + tile.first * width);
    });
    GradientTasks tasks(model.spec().arithmetic, gradient.data(), watch);
    head_gradients(model, head(0), memory.stream(model.blocks()), final_dentered.data(), logits.data(),
                   tasks);
    tasks.run(tokens);
    for (std::size_t layer = gradients.layers(); layer-- > 0;) {
        layer_backward(gradients.layer(layer), gradient);
        gradients.end_layer(layer);
    }
    constexpr std::size_t kColumns = 16;
    parallel_for((width + kColumns - 1) / kColumns, [&](std::size_t task) {
        for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
            embed_rows_backward(model.model(), input(sequence, 0), positions,
                                gradients.entering() + sequence * positions * width, task * kColumns,
                                std::min(width, (task + 1) * kColumns), gradient.data());
        }
    });
    return sum_of_bits();
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
    BITLAW_ASSERT(state_->model.purpose() == PackFor::training && !state_->model.spec().head.tied);
    // The bf16 chains go over pairs of tokens, which must not cross sequences.
    BITLAW_ASSERT(state_->model.spec().arithmetic == Arithmetic::fp32 || batch.positions % 2 == 0);
    state_->prepare(batch, true);
    state_->forward();
    return state_->backward(factor, gradient);
}

void Network::watch_products(GradientTasks::Watch watch) { state_->watch = std::move(watch); }

std::span<const float> Network::logits() const {
    return std::span<const float>(state_->logits).first(state_->tokens * state_->alphabet);
}

std::span<const double> Network::code_lengths() const { return state_->bits; }

}  // namespace bitlaw::model
