#pragma once
/// \file results.csv: one row for each run that ended, well or not.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/laws/law_fit.hpp"
#include "bitlaw/studies/study_plan.hpp"

namespace bitlaw::studies {

/// A row. Units stand in the file's header.
struct StudyResult {
    std::string run;
    std::string status;  ///< "done", or "diverged": not finite, or worse than no model at all
    std::string recipe;
    std::uint64_t size = 0;
    std::uint64_t parameters = 0;
    std::uint64_t multiplied_parameters = 0;  ///< without embeddings
    std::uint64_t width = 0;
    std::uint64_t layers = 0;
    std::uint64_t context = 0;
    std::uint64_t seed = 0;
    std::uint64_t unique_bytes = 0;
    std::uint64_t passes = 0;
    std::uint64_t trained_bytes = 0;
    std::uint64_t steps = 0;
    std::uint64_t batch_bytes = 0;
    double learning_rate = 0;
    double matrix_learning_rate = 0;
    double training_flops = 0;
    std::uint64_t held_out_bytes = 0;   ///< of the first half, on which settings are chosen
    double bits_per_byte = 0;           ///< of them: archive without the model, continuous context
    double chunk_bits_per_byte = 0;     ///< from the held-out data's start, independent chunks of the context
    std::uint64_t report_bytes = 0;     ///< of the second half, for reports; 0 in rows of earlier versions
    double report_bits_per_byte = 0;    ///< of them, as bits_per_byte; 0 without
    std::optional<double> copy_score;   ///< CopyScore::value(); none where the alphabet lacks letters
    double training_bits_per_byte = 0;  ///< mean of the last steps
    std::uint64_t model_bytes = 0;      ///< header and coding weights, as an archive embeds them
    double seconds = 0;  ///< by the process that finished it; shared beginnings count for their first run
    std::uint64_t threads = 0;
    std::string date;  ///< UTC
    [[nodiscard]] bool is_done() const { return status == "done"; }
    [[nodiscard]] bool has_report() const { return report_bytes > 0; }
};

/// A row with everything that the plan knows; the caller adds what was measured.
[[nodiscard]] StudyResult planned_result(const StudyTrunk& trunk, const StudyRun& run);

/// Rows of a results.csv; none when there is no such file. Files of earlier versions lack the columns of the
/// second half and the copy score. Throws Error naming file and line for what it cannot read: also numbers
/// that no run has (the rates of diverged runs may be any), and second rows.
[[nodiscard]] std::vector<StudyResult> read_results(const std::filesystem::path& path);

/// All rows of a study: those of results.csv, and of the files that trunks write which run by themselves
/// (StudyPlan::rows), in the plan's order. A run that has a row in both counts once. Needs no lock: each file
/// has one writer and is replaced whole.
[[nodiscard]] std::vector<StudyResult> read_all_results(const StudyPlan& plan);

/// Adds to results.csv the rows that it lacks; how many these were.
std::size_t join_results(const StudyPlan& plan);

/// Adds a row to a file that nobody else writes, as add_result() does.
void add_own_result(const std::filesystem::path& path, const StudyResult& result);

/// Adds a row while holding the lock file, in one atomic replacement: neither another process nor a kill can
/// damage the file. Throws Error when the run has a row already, or for a row that read_results() would
/// refuse.
void add_result(const std::filesystem::path& path, const std::filesystem::path& lock,
                const StudyResult& result);

/// Throws UsageError naming the first row of a run of the plan whose recipe, or anything else that the plan
/// knows of it, is another. Recipes are compared only where the plan has them.
void require_same_settings(const StudyPlan& plan, const std::vector<StudyResult>& results);

}  // namespace bitlaw::studies
