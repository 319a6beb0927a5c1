#pragma once
/// \file What the report's page needs to draw curves for any bytes coded and any bits a weight: rates
/// measured and rates by each form of law, without the model's bytes, which the page adds.

#include "bitlaw/format/json.hpp"
#include "bitlaw/studies/study_figures.hpp"
#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// {stored_bits, sizes [n], bytes [d], amounts [{unique, passes, points, curve}], laws [{key, formula,
/// at_amounts [amounts, n], anywhere [d, n]}]}. A point is [N, bits per byte, bytes of the model as stored,
/// passes]; a curve is such points without passes on a smooth line. at_amounts are bits per byte at an
/// amount's most passes, anywhere those of `bytes` that are all different. Bits are rounded to 5 decimals.
/// Null when nothing was measured.
[[nodiscard]] format::Json explorer_data(const StudyFindings& findings);

/// {name, caption, title, x_title, y_title, log_y, x_is_size, y_is_size, most_y, bars, series [{style, title,
/// shade, points
/// [[x, y] or [x, y, low, high]]}]}: a figure's points as the page draws them.
[[nodiscard]] format::Json figure_data(const StudyFigure& figure);

}  // namespace bitlaw::studies
