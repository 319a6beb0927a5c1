#pragma once
/// \file Pictures of the findings, drawn by gnuplot.

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// A picture before it is drawn: a gnuplot script with its data in it, which writes NAME.svg into the current
/// folder.
struct StudyFigure {
    std::string name;
    std::string title;
    std::string caption;
    std::string script;
};

/// The pictures that the findings have data for, in the order of the report.
[[nodiscard]] std::vector<StudyFigure> findings_figures(const StudyFindings& findings);

/// Writes NAME.gp and draws NAME.svg into the folder, without those of earlier findings; returns the SVG
/// files. Throws Error naming the file of gnuplot's words when it fails, or when there is none.
std::vector<std::filesystem::path> draw_figures(const std::vector<StudyFigure>& figures,
                                                const std::filesystem::path& folder);

}  // namespace bitlaw::studies
