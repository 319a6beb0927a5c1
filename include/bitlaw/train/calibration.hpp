#pragma once
/// \file From minutes to steps: the one place where time decides anything, once and before the run.

#include <atomic>
#include <cstdint>

#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/learner.hpp"
#include "bitlaw/train/run_plan.hpp"

namespace bitlaw {

/// Trains a scratch model for min(3 s, 2 % of `seconds`) and more than one leaf, and returns how many steps
/// with their validations fit into `seconds` less the time used: at least 1. `validate_every` is the option:
/// 0 means the default interval. Throws Stopped when `stop` becomes true.
[[nodiscard]] std::uint64_t steps_for(double seconds, const Model& initial, const LearnerOptions& options,
                                      const RunPlan& plan, const Corpus& corpus, std::uint64_t validate_every,
                                      const std::atomic<bool>& stop);

}  // namespace bitlaw
