#pragma once
/// \file A measured table for people, a grid for each protocol, and what stands below it.

#include <string>
#include <utility>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/table/table_report.hpp"

namespace bitlaw::table {

/// The protocols that were measured, in the order of the paper's table.
[[nodiscard]] std::vector<TableProtocol> protocols_of(const TableReport& report);
[[nodiscard]] std::string protocol_title(const TableReport& report, TableProtocol protocol);
[[nodiscard]] format::Table table_grid(const TableReport& report, TableProtocol protocol);

[[nodiscard]] bool has_models(const TableReport& report);

/// What stands below the table.
struct Legend {
    std::string title;
    std::vector<std::pair<std::string, std::string>> lines;  ///< name, which may be empty, and meaning
};
[[nodiscard]] std::vector<Legend> table_legends(const TableReport& report);

/// The cell, or nothing.
[[nodiscard]] const TableCell* find_cell(const TableReport& report, TableProtocol protocol, std::size_t row,
                                         std::size_t column);

/// "21.64" of 0.2164.
[[nodiscard]] std::string percent(double rate, int decimals = 2);

}  // namespace bitlaw::table
