#pragma once
/// \file What a training run tells while it goes on.

#include <chrono>
#include <cstddef>
#include <optional>

#include "bitlaw/base/progress.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/step_report.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

/// Writes to standard error: the values in force, how long the run will take, a line for each validation and
/// each text that the model writes, and the progress line of a terminal.
class TrainWatch {
   public:
    TrainWatch(bool speaks, std::size_t ranks) : speaks_(speaks), ranks_(ranks), line_(speaks) {}

    /// The values in force, before the work begins. Measures the machine's peak, 0.1 s.
    void begin(const train::ResolvedRun& run);
    void step(const train::StepReport& report);
    /// The progress line goes away.
    void end() { line_.clear(); }
    /// The last one measured; nothing when there was none.
    [[nodiscard]] std::optional<double> validation() const { return validation_; }

   private:
    using Clock = std::chrono::steady_clock;

    void say_duration(const train::StepReport& report);
    void say(const std::string& text);
    [[nodiscard]] std::string share_of_peak(double gflops) const;

    bool speaks_;
    std::size_t ranks_;
    ProgressLine line_;
    std::optional<train::ResolvedRun> run_;
    double peak_ = 0;  // 10^9 operations a second
    std::optional<Progress> progress_;
    std::uint64_t before_ = 0;  // bytes that earlier processes of the run saw: speed is this one's
    Clock::time_point first_;   // when this process's first step had ended, which is slower than others
    std::uint64_t first_step_ = 0;
    bool has_said_duration_ = false;
    std::optional<double> validation_;
};

}  // namespace bitlaw::cli
