#pragma once
/// \file A model that learns step by step: gradient of a batch, clipping, update.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bitlaw/learn/adamw.hpp"
#include "bitlaw/learn/gradient_sum.hpp"
#include "bitlaw/learn/muon.hpp"
#include "bitlaw/learn/rounding.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::learn {

/// Tokens whose activations are kept unless options say otherwise or so few sequences leave a thread idle:
/// 2,048 are 32 tiles of 64 rows, which keep the threads of a small machine busy, and the paper's largest
/// network stays below 400 MB. Of narrow networks half as many, whose activations (14 KB a token at width 64)
/// stay in the third-level cache: 4 % faster. Of many symbols fewer: logits of 2^24 floats.
[[nodiscard]] constexpr std::uint64_t default_micro_batch(const model::ModelConfig& config) {
    const std::uint64_t most = (std::uint64_t{1} << 24) / (config.alphabet == 0 ? 1 : config.alphabet);
    const std::uint64_t usual = config.width <= 128 ? 1024 : 2048;
    return most < usual ? most : usual;
}

struct LearnerOptions {
    AdamOptions adam;
    MuonOptions muon = {};
    double clip = 1.0;          ///< greatest global norm of the gradient; 0: none
    double weight_bound = 0.0;  ///< no weight leaves -bound .. bound; 0: none
    std::uint64_t micro_batch_tokens =
        0;  ///< tokens in memory at once (0: default_micro_batch); never changes a bit
    bool keeps_code_lengths = false;  ///< for learners that share a step, who add up its bits together
};

/// What one update saw.
struct StepOutcome {
    double bits;           ///< sum of -log2 p over the step's tokens, before the update
    double gradient_norm;  ///< before clipping
    [[nodiscard]] bool is_finite() const;
};

/// Owns the weights, all their packed forms and the optimizer. A step is add_leaf() for each leaf of the
/// batch, then update(). Class A: neither threads nor instruction set nor micro-batch change a bit.
class Learner {
   public:
    Learner(model::Model model, const LearnerOptions& options);
    Learner(const Learner&) = delete;
    Learner& operator=(const Learner&) = delete;

    [[nodiscard]] const model::Model& model() const { return model_; }
    /// The weights as they are now, packed for training and so for inference too; update() changes them in
    /// place.
    [[nodiscard]] const model::PackedModel& packed() const { return packed_; }
    /// Sequences that a full leaf holds; every leaf of a step but the last must be full for the sum to be the
    /// fixed tree.
    [[nodiscard]] std::size_t leaf() const { return leaf_sequences(model_.config.context); }

    /// Adds the gradient of sum of -ln p * factor over a leaf's sequences: [at most leaf(), T].
    void add_leaf(std::span<const symbols::Symbol> symbols, float factor) {
        add_leaf(symbols, model_.config.context, factor);
    }
    /// The same over sequences [at most leaf_sequences(positions), positions] of another length.
    void add_leaf(std::span<const symbols::Symbol> symbols, std::size_t positions, float factor);
    /// Ends the step: one update of the weights at AdamW's learning rate. Leaves them as they are when the
    /// outcome is not finite.
    StepOutcome update(double learning_rate);

    /// Where several learners share a step, each adds the leaves that follow each other from number `leaf`
    /// on.
    void start_at(std::size_t leaf);
    /// The sum of this learner's leaves, which the sharers join to the step's gradient.
    [[nodiscard]] const GradientSum& own_sum() const { return sum_; }
    /// -log2 p of this learner's tokens of the step in their order, where the options keep them.
    [[nodiscard]] std::span<const double> own_code_lengths() const { return code_lengths_; }
    /// Ends a shared step: the same as update() of a learner that had all leaves, given the sum of all leaves
    /// [parameters] and the chain of all code lengths.
    StepOutcome update(double learning_rate, std::span<const float> gradient, double bits);

    /// Sum of -log2 p in bits over sequences [n, T] with the weights as `format` stores them: one chain of
    /// double additions in token order. Not to be called between add_leaf() and update().
    [[nodiscard]] double coding_bits(std::span<const symbols::Symbol> symbols, model::WeightFormatId format);
    /// The numbers that coding_bits() adds up: [n T]. Also of no sequence.
    [[nodiscard]] std::vector<double> coding_lengths(std::span<const symbols::Symbol> symbols,
                                                     model::WeightFormatId format);
    /// Calls body(packed) with the weights as `format` stores them. Not to be called between add_leaf()
    /// and update().
    void with_coding_weights(model::WeightFormatId format,
                             const std::function<void(const model::PackedModel&)>& body);

    /// Rounds that share of the rows of each matrix, which stay as they are from now on; the steps are such
    /// that all rows together need `bits` a weight, all included. The curvature over `sample`, one context at
    /// least, says which errors matter. Returns the bits of a weight (rounding.hpp).
    double round_rows(double share, double bits, std::span<const symbols::Symbol> sample);
    [[nodiscard]] bool rounds() const { return !rounding_.steps().empty(); }
    /// Rounding::steps(), empty while nothing is rounded.
    [[nodiscard]] const std::vector<float>& row_steps() const { return rounding_.steps(); }

    [[nodiscard]] const AdamMoments& moments() const { return adam_.moments(); }
    /// Continues from saved weights [parameters], moments and steps of rows, if weights were rounded.
    void restore(std::span<const float> weights, AdamMoments moments, std::vector<float> row_steps = {});

   private:
    // Calls body(batch) for pieces of at most a micro-batch.
    template <class Body>
    void for_micro_batches(std::span<const symbols::Symbol> symbols, std::size_t positions,
                           const Body& body) const;
    void hold_weights(std::span<float> weights) const;

    LearnerOptions options_;
    model::Model model_;
    model::PackedModel packed_;
    model::Network network_;
    GradientSum sum_;
    AdamW adam_;
    Muon muon_;
    Rounding rounding_;
    double bits_ = 0.0;
    std::vector<double> code_lengths_;  // of the step's own tokens, where they are kept
};

/// The chain of additions over code lengths that bits are added up with: sum, then each length in turn.
[[nodiscard]] double chained(double sum, std::span<const double> code_lengths);

}  // namespace bitlaw::learn
