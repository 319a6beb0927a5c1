#include "bitlaw/learn/learner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"

namespace bitlaw::learn {

using namespace symbols;
using namespace model;

// One chain over all calls: sums of calls' sums would depend on how the tokens were cut into calls.
double chained(double sum, std::span<const double> code_lengths) {
    return std::accumulate(code_lengths.begin(), code_lengths.end(), sum);
}

bool StepOutcome::is_finite() const { return std::isfinite(bits) && std::isfinite(gradient_norm); }

Learner::Learner(Model model, const LearnerOptions& options)
    : options_(options),
      model_(std::move(model)),
      packed_(model_, PackFor::training),
      network_(packed_),
      sum_(model_.layout.size),
      adam_(model_.layout, options.adam,
            options.muon.enabled ? AdamTensors::all_but_hidden_matrices : AdamTensors::all),
      muon_(model_.layout, options.muon),
      rounding_(model_) {}

template <class Body>
void Learner::for_micro_batches(std::span<const Symbol> symbols, std::size_t positions,
                                const Body& body) const {
    BITLAW_ASSERT(!symbols.empty() && symbols.size() % positions == 0);
    const std::uint64_t wanted =
        options_.micro_batch_tokens == 0 ? default_micro_batch(model_.config) : options_.micro_batch_tokens;
    // Enough sequences for all threads in that part of the gradient that is cut into fewest pieces, where the
    // leaf has them.
    const std::uint64_t shared =
        options_.micro_batch_tokens == 0 ? thread_count() / gradient_pieces(model_.spec, positions) : 1;
    const std::size_t most =
        std::clamp<std::size_t>(std::max(wanted / positions, shared), 1, leaf_sequences(positions)) *
        positions;
    for (std::size_t first = 0; first < symbols.size(); first += most) {
        const auto piece = symbols.subspan(first, std::min(most, symbols.size() - first));
        body(SequenceBatch{.symbols = piece, .sequences = piece.size() / positions, .positions = positions});
    }
}

void Learner::add_leaf(std::span<const Symbol> symbols, std::size_t positions, float factor) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(symbols.size() <= leaf_sequences(positions) * positions);
    const std::span<float> gradient = sum_.open();
    for_micro_batches(symbols, positions, [&](const SequenceBatch& batch) {
        (void)network_.gradient(batch, factor, gradient);
        const std::span<const double> lengths = network_.code_lengths();
        bits_ = chained(bits_, lengths);
        if (options_.keeps_code_lengths) {
            code_lengths_.insert(code_lengths_.end(), lengths.begin(), lengths.end());
        }
    });
    sum_.close();
}

void Learner::start_at(std::size_t leaf) { sum_.start_at(leaf); }

StepOutcome Learner::update(double learning_rate) {
    const FloatStateGuard guard;
    return update(learning_rate, sum_.total(), bits_);
}

StepOutcome Learner::update(double learning_rate, std::span<const float> gradient, double bits) {
    const FloatStateGuard guard;
    BITLAW_ASSERT(gradient.size() == model_.layout.size);
    const StepOutcome outcome{.bits = bits, .gradient_norm = gradient_norm(gradient)};
    bits_ = 0.0;
    code_lengths_.clear();
    if (outcome.is_finite()) {
        const bool clips = options_.clip > 0.0 && outcome.gradient_norm > options_.clip;
        const float scale = clips ? static_cast<float>(options_.clip / outcome.gradient_norm) : 1.0F;
        const std::span<float> weights = model_.weights;
        adam_.step(gradient, learning_rate, scale, weights);
        if (options_.muon.enabled) {
            muon_.step(gradient, learning_rate, scale, weights, adam_.first_moments());
        }
        if (options_.weight_bound > 0.0) {
            hold_weights(weights);
        }
        if (rounds()) {
            rounding_.hold(weights);
        }
        packed_.repack();
    }
    sum_.clear();
    return outcome;
}

double Learner::round_rows(double share, double bits, std::span<const Symbol> sample) {
    const FloatStateGuard guard;
    const double reached = rounding_.advance(model_, curvature_of(model_, sample), share, bits);
    packed_.repack();
    return reached;
}

// Comparisons only, in which a weight that is not a number becomes -bound: the same bits everywhere.
void Learner::hold_weights(std::span<float> all) const {
    const auto bound = static_cast<float>(options_.weight_bound);
    constexpr std::size_t kChunk = 16'384;
    const std::size_t size = all.size();
    parallel_for((size + kChunk - 1) / kChunk, [&](std::size_t chunk) {
        float* const weights = all.data() + chunk * kChunk;
        for (std::size_t i = 0; i < std::min(kChunk, size - chunk * kChunk); ++i) {
            const float raised = weights[i] > -bound ? weights[i] : -bound;
            weights[i] = raised < bound ? raised : bound;
        }
    });
}

void Learner::with_coding_weights(WeightFormatId format,
                                  const std::function<void(const PackedModel&)>& body) {
    const FloatStateGuard guard;
    // Rounded in place, so that the network and its activations are not there twice.
    const Floats exact = model_.weights;
    round_weights(model_, format);
    packed_.repack();
    body(packed_);
    model_.weights = exact;
    packed_.repack();
}

double Learner::coding_bits(std::span<const Symbol> symbols, WeightFormatId format) {
    double bits = 0.0;
    with_coding_weights(format, [&](const PackedModel&) {
        for_micro_batches(symbols, model_.config.context, [&](const SequenceBatch& batch) {
            (void)network_.loss(batch);
            bits = chained(bits, network_.code_lengths());
        });
    });
    return bits;
}

std::vector<double> Learner::coding_lengths(std::span<const Symbol> symbols, WeightFormatId format) {
    std::vector<double> lengths;
    if (symbols.empty()) {
        return lengths;
    }
    with_coding_weights(format, [&](const PackedModel&) {
        for_micro_batches(symbols, model_.config.context, [&](const SequenceBatch& batch) {
            (void)network_.loss(batch);
            lengths.insert(lengths.end(), network_.code_lengths().begin(), network_.code_lengths().end());
        });
    });
    return lengths;
}

void Learner::restore(std::span<const float> weights, AdamMoments moments, std::vector<float> row_steps) {
    BITLAW_ASSERT(weights.size() == model_.weights.size());
    adam_.restore(std::move(moments));
    rounding_.restore(std::move(row_steps), weights);
    std::copy(weights.begin(), weights.end(), model_.weights.begin());
    packed_.repack();
}

}  // namespace bitlaw::learn
