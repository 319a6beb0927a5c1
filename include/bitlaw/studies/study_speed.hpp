#pragma once
/// \file How long a study will take on this machine.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bitlaw/studies/study_plan.hpp"

namespace bitlaw::studies {

/// Seconds that one worker needs for a byte of training.
struct NetworkSpeed {
    model::ModelConfig config;
    std::uint64_t batch_bytes = 0;  ///< of a step: the optimizers' share falls with it
    double byte_seconds = 0;
};

/// Trains each of the plan's networks with each of its batches on random bytes, with the optimizers of the
/// runs, for an equal share of `seconds` and at least two steps, in as many workers at once as the study is
/// to have, each with thread_count() threads. Throws Stopped when `stop` becomes true.
[[nodiscard]] std::vector<NetworkSpeed> measure_speeds(const StudyPlan& plan, double seconds,
                                                       std::size_t jobs, const std::atomic<bool>& stop);

/// Seconds of a worker for a run after those before it in its trunk: its training, and measuring the held-out
/// bytes of both halves, which costs a third of a trained byte (forward only).
[[nodiscard]] double run_seconds(const StudyPlan& plan, const StudyTrunk& trunk, const StudyRun& run,
                                 const std::vector<NetworkSpeed>& speeds);

}  // namespace bitlaw::studies
