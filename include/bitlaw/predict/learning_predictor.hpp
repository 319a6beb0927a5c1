#pragma once
/// \file A network that learns what it codes. Exactness class A, weights and all.
///
/// Scoring and stepping run the same learn step at the same positions, counted from begin(), with the same
/// symbols; training gives the same bits on every machine, so the decoder's network stays the encoder's.

#include <cstdint>
#include <memory>

#include "bitlaw/model/model.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::predict {

struct LearningOptions {
    LearningRecipe recipe = {};
    std::uint64_t reset_every = 0;  ///< as NetworkOptions
    double temperature = 1;         ///< of predictions, never of what is learned
};

/// S streams and one network, which begins as `start` and takes a step of the recipe after every T positions.
/// A step sees symbols only, as a fresh sequence: keys and values that the streams keep of their past stay as
/// the weights made them with which they were coded. Streams that have ended give nothing to learn; neither
/// does what lies behind the last full segment. A step whose loss or gradient is not finite is left out, and
/// no weight leaves +-max(64, the greatest of `start`), so that logits stay finite whatever the rate; where
/// they are not, every symbol is equally likely. Weights, moments and the count of steps run on over
/// begin().
///
/// Memory: learning_bytes(), and two bytes a symbol of the block where the recipe replays.
class LearningPredictor final : public TablePredictor {
   public:
    /// Throws UsageError when recipe or reset do not fit, Error when learning needs too much memory.
    LearningPredictor(const model::Model& start, const LearningOptions& options);
    ~LearningPredictor() override;
    [[nodiscard]] std::size_t alphabet() const override;

    /// Steps taken since the predictor was made, and how many of them were left out.
    [[nodiscard]] std::uint64_t steps() const;
    [[nodiscard]] std::uint64_t dropped_steps() const;
    /// The weights as they are now.
    [[nodiscard]] const model::Model& model() const;

   private:
    void begin_streams() override;
    void predict_row() override;
    void row(std::size_t stream, std::span<std::uint32_t> frequency) override;
    void accept_row(std::span<const symbols::Symbol> symbols) override;
    void visit_rows(std::span<const symbols::Symbol> symbols, std::size_t n, const Visit& visit) override;
    void learn_at(std::size_t position);
    struct State;
    std::unique_ptr<State> state_;
};

/// What makes predictors that begin as this model, which must outlive them; of bytes where it has a
/// vocabulary.
[[nodiscard]] PredictorMaker learning_predictors(const model::Model& start, const LearningOptions& options);

}  // namespace bitlaw::predict
