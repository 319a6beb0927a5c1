#pragma once
/// \file Tables on standard output, with what was measured where and when.

#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "bitlaw/format/table.hpp"

namespace bitlaw::cli {

/// Prints the table with the machine, its threads, the instruction set, the date and the command above it; as
/// JSON an object of the same fields, `facts` (name and value) and "rows".
void print_table(const format::Table& table, const CommonOptions& common,
                 const std::vector<std::pair<std::string, format::Exact>>& facts = {});
/// Prints the table alone, as JSON {"rows": [...]}.
void print_rows(const format::Table& table, const CommonOptions& common);

/// The date in UTC, "2026-11-23".
[[nodiscard]] std::string today();
/// "AMD EPYC", or the architecture's name where the system does not tell.
[[nodiscard]] std::string machine_name();

}  // namespace bitlaw::cli
