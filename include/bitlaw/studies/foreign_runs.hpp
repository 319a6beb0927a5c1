#pragma once
/// \file Fits of any table of runs, such as other people's.

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/laws/form_comparison.hpp"

namespace bitlaw::studies {

/// Names of a CSV file's columns; those of results.csv unless others are given.
struct RunColumns {
    std::string parameters = "parameters";
    std::string loss = "held_out_bits_per_byte";
    std::string bytes = "trained_bytes";   ///< or tokens; where it is missing, operations / (6 N)
    std::string unique = "unique_bytes";   ///< where it is missing, all are different
    std::string flops = "training_flops";  ///< where it is missing, 6 N D
    std::string status = "status";         ///< where it is there, rows of another than "done" are left out
};

struct ForeignOptions {
    RunColumns columns;
    double no_model = 8;          ///< the loss without any model, in the unit of the losses
    std::uint64_t leave_out = 0;  ///< so many runs of the highest losses
    std::size_t bootstrap = 500;
};

/// What the forms make of the runs of a file.
struct ForeignFit {
    std::size_t read = 0;                ///< runs
    std::size_t left_out = 0;            ///< of them, by the highest loss
    std::vector<laws::ProfileRun> runs;  ///< fitted
    std::vector<laws::FormResult> forms;
    std::vector<std::string> doubts;
};

/// Runs of a CSV file with a header (RFC 4180). Throws Error with file and line for what it cannot read,
/// UsageError naming the file's columns when one that is needed is missing.
[[nodiscard]] std::vector<laws::ProfileRun> read_foreign_runs(const std::filesystem::path& path,
                                                              const RunColumns& columns);

/// Reads and fits; runs within a tenth of size and data are a cell. Class B.
[[nodiscard]] ForeignFit fit_foreign(const std::filesystem::path& path, const ForeignOptions& options);

/// form_tables(), and "compute_optimum": the best size and its loss by every form, at the largest number of
/// operations and at 10, 100 and 1000 times of it, operations 6 N D.
[[nodiscard]] std::vector<format::Table> foreign_tables(const ForeignFit& fit);

}  // namespace bitlaw::studies
