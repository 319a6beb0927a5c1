#pragma once
/// \file Findings as tables.

#include <vector>

#include "bitlaw/studies/study_findings.hpp"
#include "bitlaw/studies/study_table.hpp"

namespace bitlaw::studies {

/// The tables that the findings have rows for, in the order of the report.
[[nodiscard]] std::vector<StudyTable> findings_tables(const StudyFindings& findings);
/// All results as a table for the report (its CSV is results.csv).
[[nodiscard]] StudyTable results_table(const StudyFindings& findings);

}  // namespace bitlaw::studies
