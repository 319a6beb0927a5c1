#pragma once
/// \file What a run will do otherwise than it was asked to, and whether it has ended well.

#include <cstddef>
#include <string>
#include <vector>

#include "bitlaw/train/resolved_run.hpp"

namespace bitlaw::train {

/// A sentence for each option that this run cannot honour as it is given: batches, budgets and
/// shares that are no whole sequences or steps, validation data that are too short or not there, data that
/// are never read. Defaults that adapt are no reason for one.
[[nodiscard]] std::vector<std::string> run_warnings(const TrainOptions& options, const ResolvedRun& run,
                                                    const Corpus& training, const Corpus& validation);

/// Passes them, one for a step that has less leaves than `ranks`, and what of the validation data is among
/// the training data, to options.warn. Whether anything is among them, as far as anybody looked: without
/// options.warn nobody does.
bool tell_warnings(const TrainOptions& options, const ResolvedRun& run, const Corpus& training,
                   const Corpus& validation, std::size_t ranks);

/// Why a run that ended at these rates gave a model that is worse than none, which costs log2(alphabet) bits
/// a symbol, or worse than the one it began with; "" when it did not. Rates that were not measured are 0.
[[nodiscard]] std::string trouble_of(const model::ModelConfig& config, double training_bits,
                                     double first_bits, double validation_bits, double bytes_a_symbol = 1.0);

}  // namespace bitlaw::train
