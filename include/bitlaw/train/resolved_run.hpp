#pragma once
/// \file A run made definite: every default filled in, every figure in whole steps.

#include <cstddef>
#include <cstdint>
#include <string>

#include "bitlaw/learn/gradient_sum.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/train_options.hpp"

namespace bitlaw::train {

/// A run as it will be; nothing behind resolve_run() knows what was asked for.
struct ResolvedRun {
    /// Optimizer, rates, tokens, batch and validation as they are in force: to ask for them gives this run
    /// again. Only micro_batch_tokens and save_every, which change no bit, may still stand for defaults.
    TrainOptions options;
    std::uint64_t steps = 0;
    std::size_t step_sequences = 0;        ///< B, sequences of a step
    std::size_t validation_sequences = 0;  ///< 0: no validation
    SymbolRate rate = {};                  ///< of the training data

    /// T, tokens of a sequence: bytes, unless there is a vocabulary.
    [[nodiscard]] std::size_t positions() const { return options.config.context; }
    [[nodiscard]] std::uint64_t step_tokens() const { return std::uint64_t{step_sequences} * positions(); }
    /// Bytes of the run; with a vocabulary, as many as so many tokens of the data are on average.
    [[nodiscard]] std::uint64_t bytes() const { return rate.bytes_of(steps * step_tokens()); }
    [[nodiscard]] bool has_vocabulary() const { return options.vocabulary != nullptr; }
    /// Steps behind which weights are rounded; kNever where none are.
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};
    [[nodiscard]] std::uint64_t rounded_from() const;
    /// Whether the levels' steps are chosen (again) when so many steps are done: 32 times, the last time at
    /// the end, so that the size is what was asked for.
    [[nodiscard]] bool is_rounding_due(std::uint64_t done) const;
    /// Share of the rows that are rounded then: of the steps that round, with t left, 1 - t^2.
    [[nodiscard]] double rounded_share(std::uint64_t done) const;
    /// Leaves of a step's gradient sum.
    [[nodiscard]] std::size_t leaves() const {
        const std::size_t sequences = learn::leaf_sequences(positions());
        return (step_sequences + sequences - 1) / sequences;
    }
};

/// Whole sequences of a step: batch_tokens / context rounded down, at least 1.
[[nodiscard]] std::size_t step_sequences(const TrainOptions& options);

/// Throws UsageError naming the first option that makes no sense.
void check_options(const TrainOptions& options);

/// Resolves what is asked for, which check_options() must have let pass. `steps`, when it is not 0, decides
/// the length; otherwise tokens do. With minutes alone the run has 0 steps, for calibration to find them.
/// `rate` is the training data's, and the validation data are cut into tokens as they are.
[[nodiscard]] ResolvedRun resolve_run(const TrainOptions& asked, const Corpus& validation,
                                      std::uint64_t steps, const SymbolRate& rate = {});

/// Steps between validations of a run of `steps`: `asked`, or when it is 0 every twentieth of the run, but
/// not more than one validated token in 8 trained ones.
[[nodiscard]] std::uint64_t validation_interval(const ResolvedRun& run, std::uint64_t asked,
                                                std::uint64_t steps);

}  // namespace bitlaw::train
