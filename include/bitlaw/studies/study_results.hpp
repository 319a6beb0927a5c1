#pragma once
/// \file results.csv: one row for each run that ended, well or not.

#include <cstddef>
#include <filesystem>
#include <vector>

#include "bitlaw/studies/study_plan.hpp"
#include "bitlaw/studies/study_result.hpp"

namespace bitlaw::studies {

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
