#pragma once
/// \file Runs a study: several runs at once, resumed where they stopped, each done once.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "bitlaw/studies/study_plan.hpp"
#include "bitlaw/studies/study_results.hpp"

namespace bitlaw::studies {

/// What a worker is at.
struct StudyEvent {
    enum class Kind {
        training,   ///< a step
        measuring,  ///< the held-out bytes, once the training is over
        ended,      ///< the row is in results.csv: `result` says it
        skipped,    ///< another process is at the runs of this trunk
    };
    Kind kind = Kind::training;
    std::size_t worker = 0;
    std::string run;
    std::uint64_t done = 0;   ///< bytes trained on or measured
    std::uint64_t total = 0;  ///< bytes
    double bits_per_byte = 0;
    double gflops = 0;
    const StudyResult* result = nullptr;
};

struct StudyRunOptions {
    std::string data;  ///< paths with ranges, where the config has names
    std::string held_out;
    std::size_t jobs = 1;       ///< trunks at once; each uses thread_count() threads
    bool costly_first = false;  ///< better packed when jobs > 1; otherwise results come sooner
    std::string command;        ///< for run.json
    /// Only this trunk, with its rows in a file of its own and without locks, which some shared file systems
    /// lack: two processes at one trunk would compute the same bytes and replace whole files by equal ones.
    std::string trunk;
    std::function<void(const StudyEvent&)> on_event;  ///< called by one worker at a time
};

struct StudyRunSummary {
    std::size_t before = 0;     ///< runs that had ended when this process began
    std::size_t done = 0;       ///< by this process
    std::size_t diverged = 0;   ///< by this process
    std::size_t elsewhere = 0;  ///< left to another process that is at them
};

/// Joins the rows of trunks that ran by themselves, and trains and measures all runs that have no row in
/// results.csv yet. Trunks are shared out by locks in the work folder, so that several processes can work on
/// one study, or the same command can be given again. A run that diverges gets its row too. When `stop`
/// becomes true the workers save their states and Stopped is thrown.
StudyRunSummary run_study(const StudyPlan& plan, const StudyRunOptions& options,
                          const std::atomic<bool>& stop);

}  // namespace bitlaw::studies
