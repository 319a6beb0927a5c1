#pragma once
/// \file Several cells of a row at once.

#include <functional>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/laws/form_comparison.hpp"

namespace bitlaw::studies {

using Row = std::vector<format::Cell>;
using CellOf = std::function<format::Cell(double)>;

/// Value, low and high as three cells; "-" where there are no bounds.
void add_interval(Row& row, const laws::Interval& interval, const CellOf& cell);
/// Low and high as two cells.
void add_range(Row& row, const laws::FormRange& range, const CellOf& cell);

}  // namespace bitlaw::studies
