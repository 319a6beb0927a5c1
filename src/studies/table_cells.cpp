#include "table_cells.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

void add_interval(Row& row, const Interval& interval, const CellOf& cell) {
    row.push_back(cell(interval.value));
    row.push_back(interval.has_bounds() ? cell(interval.low) : nothing_cell());
    row.push_back(interval.has_bounds() ? cell(interval.high) : nothing_cell());
}

void add_range(Row& row, const FormRange& range, const CellOf& cell) {
    row.push_back(cell(range.low));
    row.push_back(cell(range.high));
}

}  // namespace bitlaw::studies
