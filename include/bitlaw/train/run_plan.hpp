#pragma once
/// \file The options of a run made definite: every default resolved, every figure in whole steps.

#include <cstdint>
#include <optional>
#include <string>

#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/trainer.hpp"

namespace bitlaw::train {

struct RunPlan {
    std::size_t positions = 0;       ///< T, tokens of a sequence
    std::size_t step_sequences = 0;  ///< B, sequences of a step
    std::uint64_t steps = 0;
    std::uint64_t validate_every = 0;      ///< steps
    std::size_t validation_sequences = 0;  ///< 0: no validation
    double learning_rate = 0;              ///< peak of AdamW
    double matrix_learning_rate = 0;       ///< peak of Muon; 0 when AdamW takes all tensors
    [[nodiscard]] std::uint64_t step_tokens() const { return std::uint64_t{step_sequences} * positions; }
    [[nodiscard]] std::uint64_t tokens() const { return steps * step_tokens(); }
};

/// Whole sequences of a step: batch_tokens / context rounded down, at least 1.
[[nodiscard]] std::size_t step_sequences(const TrainOptions& options);

/// Throws UsageError naming the first option that makes no sense. A run that is resumed needs no budget.
void check_options(const TrainOptions& options);

/// Resolves everything but the number of steps, which is 0 when neither options.tokens nor `steps` (not 0: it
/// decides) says it.
[[nodiscard]] RunPlan make_plan(const TrainOptions& options, const Corpus& validation, std::uint64_t steps);
/// Sets the number of steps and what follows from it: when no interval was asked for, validation every
/// twentieth of the run, but not more than one validated token in 8 trained ones.
void set_steps(RunPlan& plan, std::uint64_t steps, std::uint64_t validate_every_option);
/// Sets the peak learning rates: those given, or the defaults for the bytes asked for, or else planned.
void set_rates(RunPlan& plan, const TrainOptions& options);
/// The options with the rates of a saved run (its options_text) where they give none, so that a resumed run
/// keeps its rates also when it takes another length.
[[nodiscard]] TrainOptions with_saved_rates(TrainOptions options, const std::string& saved);

/// Everything that decides the result's bits besides the config and the data, one "name=value" a line:
/// numbers in their shortest exact decimal form. The record of the model file and the saved state hold it.
[[nodiscard]] std::string options_text(const TrainOptions& options, const RunPlan& plan);

/// The value in the line "name=value" of an options_text.
[[nodiscard]] std::optional<std::string> option_value(const std::string& text, const std::string& name);

/// Throws UsageError unless `done` steps of a saved run (its options_text and number of steps) are the first
/// of the planned one too. Tokens, warm-up, decay and validation may differ, as long as the learning rates of
/// those steps have the same bits.
void require_same_past(const std::string& saved, std::uint64_t saved_steps, std::uint64_t done,
                       const TrainOptions& options, const RunPlan& plan);

/// The first name whose line differs between two options_text, "" when they are equal.
[[nodiscard]] std::string first_difference(const std::string& left, const std::string& right);

}  // namespace bitlaw::train
