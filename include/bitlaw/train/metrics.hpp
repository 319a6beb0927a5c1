#pragma once
/// \file What a run leaves for people and plots: metrics.csv, run.json and train.conf. Nothing in them feeds
/// back into the run.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "bitlaw/base/output_file.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/step_report.hpp"

namespace bitlaw::train {

inline constexpr const char* kMetricsFile = "metrics.csv";
inline constexpr const char* kRunFile = "run.json";
inline constexpr const char* kOptionsFile = "train.conf";

/// metrics.csv: a header line and a row a step, on disk as soon as it is known.
class MetricsFile {
   public:
    /// Starts the file anew, or keeps its rows up to `kept_step` (0: none) and appends. Throws Error.
    MetricsFile(const std::filesystem::path& path, std::uint64_t kept_step);
    /// Appends a row; an unmeasured validation stays empty. Throws Error when the disk is full.
    void add(const StepReport& report);

   private:
    GrowingFile file_;
};

/// One step as metrics.csv has it.
struct MetricsRow {
    std::uint64_t step = 0;
    std::uint64_t bytes = 0;  ///< seen
    double bits_per_byte = 0;
    std::optional<double> validation_bits_per_byte = {};
    double seconds = 0;  ///< of all processes that made the run, up to here
};

/// The whole rows of a metrics.csv; one that is being written is left out. Throws Error, with the line, for
/// what is none.
[[nodiscard]] std::vector<MetricsRow> read_metrics(const std::filesystem::path& path);

/// How the process stands, for run.json.
struct RunStatus {
    const char* status;            ///< "running", "stopped", "failed" or "finished"
    std::uint64_t first_step = 0;  ///< where this process began: 0, or the step it was resumed at
    std::uint64_t last_step = 0;
    double seconds = 0;  ///< of this process
};

/// Writes run.json: the options in force, and all that may differ between runs of equal result (date,
/// machine's instruction set, threads, seconds, paths, command, compiler).
void write_run_file(const std::filesystem::path& path, const ResolvedRun& run, const RunStatus& status);

/// Writes train.conf: every option of the run with its resolved value, as settings, which the command line
/// reads with --config and then makes the same model.
void write_options_file(const std::filesystem::path& path, const ResolvedRun& run);

}  // namespace bitlaw::train
