#pragma once
/// \file Learning curves of training runs.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace bitlaw::cli {

/// What a curve is drawn against.
enum class CurveAxis { bytes, flops, minutes };

/// "bytes trained on", "operations of training" or "minutes".
[[nodiscard]] const char* axis_title(CurveAxis axis);

/// (x, bits per byte), ascending in x.
using CurvePoints = std::vector<std::pair<double, double>>;

struct RunCurve {
    std::string name;
    CurvePoints training;    ///< means of neighbouring steps
    CurvePoints validation;  ///< as measured
};

/// The curves of a training folder or a metrics.csv, named as given. Training bits are means over at most
/// `pieces` equal parts of the run. Operations are exact and need the folder's train.conf. Throws Error when
/// there is nothing to draw.
[[nodiscard]] RunCurve run_curve(const std::string& run, CurveAxis axis, std::size_t pieces);

/// What is worth seeing of the curves: all of x, and of y what the training reached after a fiftieth of each
/// run, since its first steps cost as much as no model.
struct CurveRange {
    double low_x;
    double high_x;
    double low_y;
    double high_y;
};
[[nodiscard]] CurveRange range_of(const std::vector<RunCurve>& curves);

}  // namespace bitlaw::cli
