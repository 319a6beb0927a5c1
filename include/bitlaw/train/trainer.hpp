#pragma once
/// \file A training run from options to files: corpus, schedule, optimizer, validation, checkpoints, exact
/// resume.

#include <atomic>
#include <functional>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/train/divergence.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/step_report.hpp"
#include "bitlaw/train/train_options.hpp"
#include "bitlaw/train/train_result.hpp"

namespace bitlaw::train {

class Ranks;

/// Runs (or resumes) a training. Calls on_start with the run as it will be, every default filled in, and
/// on_step after every step. When `stop` becomes true, or at stop_after_steps, it saves the state and throws
/// Stopped. Class A: model.blm and state.bls have the same bytes for every instruction set, thread count and
/// micro-batch. Throws Error or UsageError; a run that diverges ends with Diverged; the last saved state
/// stays.
TrainResult train(const TrainOptions& options, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop,
                  const std::function<void(const ResolvedRun&)>& on_start = {});

/// The same by all of the ranks together, each called with the same options: the files have the same bytes
/// for any number of ranks. Only the first rank writes into the folder, reads it, and warns; each opens the
/// data. Throws on all ranks, settled, when programs, options or data differ, when one cannot begin, and for
/// Stopped and Diverged; what else one rank throws the others do not know of (Ranks::is_settled).
TrainResult train(const TrainOptions& options, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop, const std::function<void(const ResolvedRun&)>& on_start,
                  Ranks& ranks);

}  // namespace bitlaw::train
