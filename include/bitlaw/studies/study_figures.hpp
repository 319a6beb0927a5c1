#pragma once
/// \file Pictures of the findings, drawn by gnuplot, and by the script of the report's page.

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// What stands at a picture's axes; x is logarithmic.
struct FigureAxes {
    std::string title;
    std::string x_title = "parameters N";
    std::string y_title = "bits per byte";
    bool log_y = false;
    bool x_is_size = true;  ///< written with K, M, G, otherwise as a power of ten
    bool y_is_size = false;
    double most_y = 0;          ///< what lies above is cut off; 0: nothing is
    bool bars_along_x = false;  ///< intervals of points are along x, not y
};

/// A picture before it is drawn: its points, and what of its script no other picture has.
struct StudyFigure {
    std::string name;
    std::string caption;
    FigureAxes axes;
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
