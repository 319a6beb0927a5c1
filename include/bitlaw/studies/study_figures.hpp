#pragma once
/// \file Pictures of the findings, drawn by gnuplot.

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// A picture before it is drawn: its points, and what of its script no other picture has.
struct StudyFigure {
    std::string name;
    std::string caption;
    format::Table points;  ///< series, style, title, shade, x, y, low, high
    std::string script;
};

/// The pictures that the findings have data for, in the order of the report.
[[nodiscard]] std::vector<StudyFigure> findings_figures(const StudyFindings& findings);

/// Writes NAME.csv and NAME.gp and draws NAME.svg into the folder, without those of earlier findings; returns
/// the SVG files. `gnuplot NAME.gp` in the folder draws it again. Throws Error with gnuplot's words when it
/// fails, or when there is none.
std::vector<std::filesystem::path> draw_figures(const std::vector<StudyFigure>& figures,
                                                const std::filesystem::path& folder);

}  // namespace bitlaw::studies
