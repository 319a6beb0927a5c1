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

/// A page that holds the findings, the figures' points, tables and method as JSON, and scripts that show
/// them: pictures that say the values under the pointer, and the best size for any bytes coded and bits a
/// weight.
[[nodiscard]] std::string report_html(const StudyFindings& findings, const std::vector<StudyFigure>& figures);

/// Writes tables to folder/fit, pictures to folder/plots, findings.txt, and folder/report.html, whose path it
/// returns.
std::filesystem::path write_report(const StudyFindings& findings);

}  // namespace bitlaw::studies
