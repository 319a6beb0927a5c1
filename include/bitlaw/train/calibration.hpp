#pragma once
/// \file From minutes to steps: the one place where time decides anything, once and before the run.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitlaw/learn/learner.hpp"
#include "bitlaw/symbols/symbol.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/resolved_run.hpp"

namespace bitlaw::train {

/// The optimizers of a run.
[[nodiscard]] learn::LearnerOptions learner_options(const ResolvedRun& run);

/// Seconds that a token of training takes: updates of `leaves` times the sequences `leaf` [at most a leaf, T]
/// each, at learning rate 0, for so many seconds and at least one, after one that is not timed. Throws
/// Stopped when `stop` becomes true.
[[nodiscard]] double token_seconds(learn::Learner& learner, std::span<const symbols::Symbol> leaf,
                                   std::size_t leaves, double seconds, const std::atomic<bool>& stop);

/// Seconds of `steps` steps of a run whose tokens take `token_time` each, with its validations, whose tokens
/// take a third of that: a forward pass is a third of a step's operations. `validate_every` as for
/// steps_for().
[[nodiscard]] double run_seconds(std::uint64_t steps, double token_time, const ResolvedRun& run,
                                 std::uint64_t validate_every);

/// Trains a scratch model for min(3 s, 2 % of `seconds`) and more than one leaf, and returns how many steps
/// with their validations fit into `seconds` less the time used: at least 1. `run` may have any number of
/// steps, `validate_every` is the option: 0 means the default interval. Throws Stopped when `stop` becomes
/// true.
[[nodiscard]] std::uint64_t steps_for(double seconds, const ResolvedRun& run, const Corpus& corpus,
                                      std::uint64_t validate_every, const std::atomic<bool>& stop);

}  // namespace bitlaw::train
