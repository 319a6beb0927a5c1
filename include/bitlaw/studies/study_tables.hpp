#pragma once
/// \file Findings as tables: for the terminal, CSV files and the report.

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// The tables that the findings have rows for, in the order of the report.
[[nodiscard]] std::vector<format::Table> findings_tables(const StudyFindings& findings);
/// All results as a table for the report (its CSV is results.csv).
[[nodiscard]] format::Table results_table(const StudyFindings& findings);

/// Writes each table to folder/NAME.csv, removes the files of tables that are no longer there, and returns
/// the paths.
std::vector<std::filesystem::path> write_tables(const std::vector<format::Table>& tables,
                                                const std::filesystem::path& folder);

/// "2 bytes a parameter".
[[nodiscard]] std::string cost_text(double bytes_per_parameter);

}  // namespace bitlaw::studies
