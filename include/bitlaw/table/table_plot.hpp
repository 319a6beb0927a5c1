#pragma once
/// \file A measured table as a gnuplot script.

#include <string>

#include "bitlaw/table/table_report.hpp"

namespace bitlaw::table {

/// A script for gnuplot that writes `svg`: a panel for each data set and protocol, a bar for each row.
[[nodiscard]] std::string table_plot(const TableReport& report, const std::string& svg);

}  // namespace bitlaw::table
