#pragma once
/// \file The options of a run as its record keeps them, and what a resumed run may change of them.

#include <cstdint>
#include <optional>
#include <string>

#include "bitlaw/train/resolved_run.hpp"

namespace bitlaw::train {

/// Everything that decides the result's bits besides the config and the data, one setting a line, numbers in
/// their shortest exact form. The record of the model file and the saved state hold it; its bytes never
/// change for what there was before.
[[nodiscard]] std::string record_text(const ResolvedRun& run);

/// The value of a name in a record_text.
[[nodiscard]] std::optional<std::string> record_value(const std::string& text, const std::string& name);

/// The options with the rates of a saved run (its record_text) where they give none, so that a resumed run
/// keeps its rates also when it takes another length.
[[nodiscard]] TrainOptions with_saved_rates(TrainOptions options, const std::string& saved);

/// Throws UsageError unless `done` steps of a saved run (its record_text and number of steps) are the first
/// of `run` too. What train_fields() calls schedule may differ, as long as the learning rates of those steps
/// have the same bits.
void require_same_past(const std::string& saved, std::uint64_t saved_steps, std::uint64_t done,
                       const ResolvedRun& run);

/// The option whose values differ first between two record_text, "" when they are equal.
[[nodiscard]] std::string first_difference(const std::string& left, const std::string& right);

}  // namespace bitlaw::train
