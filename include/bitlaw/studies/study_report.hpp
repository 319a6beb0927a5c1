#pragma once
/// \file The report: one HTML file that needs nothing else.

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/studies/study_figures.hpp"
#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// Why there is no law, what is doubtful, and the tables, as JSON.
[[nodiscard]] std::string findings_json(const StudyFindings& findings);

/// All that the report says, as text.
[[nodiscard]] std::string findings_text(const StudyFindings& findings);

/// A page that holds the findings, the pictures (`svg` holds the drawn files' texts, in the order of
/// `figures`), tables and method as JSON, and a script that shows them.
[[nodiscard]] std::string report_html(const StudyFindings& findings, const std::vector<StudyFigure>& figures,
                                      const std::vector<std::string>& svg);

/// Writes tables to folder/fit, pictures to folder/plots, findings.txt, and folder/report.html, whose path it
/// returns.
std::filesystem::path write_report(const StudyFindings& findings);

}  // namespace bitlaw::studies
