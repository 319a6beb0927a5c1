#pragma once
/// \file How far a study has come, from its folder alone: rows, and what each trunk's process says of itself.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/studies/study_plan.hpp"

namespace bitlaw::studies {

/// What a trunk's process says, in a file that it alone writes: state, run, bytes done and to do.
struct TrunkStatus {
    std::string state;  ///< training, measuring, stopped, failed or done
    std::string run;
    std::uint64_t done = 0;   ///< bytes trained on or measured
    std::uint64_t total = 0;  ///< bytes
    double bytes_per_second = 0;
    std::string host;
    std::uint64_t time = 0;  ///< seconds since 1970 by that machine's clock
    std::string text;        ///< why it failed
};

/// Nothing when there is no such file, or none that can be read.
[[nodiscard]] std::optional<TrunkStatus> read_status(const std::filesystem::path& path);

/// Writes a trunk's status: at once when it changes, at most every five seconds when it only advances. That
/// a status cannot be written is no reason to end a run.
class StatusFile {
   public:
    StatusFile(const StudyPlan& plan, const StudyTrunk& trunk);
    void advance(const std::string& state, const std::string& run, std::uint64_t done, std::uint64_t total);
    void end(const std::string& state, const std::string& text = {});

   private:
    using Clock = std::chrono::steady_clock;
    void write() noexcept;
    std::filesystem::path path_;
    TrunkStatus status_;
    Clock::time_point written_;
    Clock::time_point begun_;       // of this state and run
    std::uint64_t first_done_ = 0;  // then
};

enum class TrunkState { done, running, waiting, failed };
[[nodiscard]] const char* state_name(TrunkState state);

struct TrunkProgress {
    std::string trunk;
    TrunkState state = TrunkState::waiting;
    std::size_t runs = 0;
    std::size_t ended_runs = 0;
    std::optional<TrunkStatus> status;
    double seconds_left = 0;  ///< of a running one, at its speed; 0 where it is not known
    std::string text;         ///< of a failed one: the last line of its log
};

struct StudyProgress {
    std::vector<TrunkProgress> trunks;  ///< as in the plan
    std::size_t done = 0;
    std::size_t running = 0;
    std::size_t waiting = 0;
    std::size_t failed = 0;
    double bytes_per_second = 0;
    double seconds_left = 0;  ///< of all that is left, at the speed of what runs; 0 where nothing runs
};

/// A process that has said nothing for so long is gone.
inline constexpr std::uint64_t kSilentSeconds = 120;

/// Reads the folder at the time `now`, seconds since 1970. Running: the status is fresh. Failed: the process
/// said so, or it is silent without having said that it stopped. Waiting: all else that has runs left.
[[nodiscard]] StudyProgress study_progress(const StudyPlan& plan, std::uint64_t now);

}  // namespace bitlaw::studies
