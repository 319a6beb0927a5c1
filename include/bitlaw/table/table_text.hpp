#pragma once
/// \file A measured table as text, Markdown, CSV and JSON.

#include <string>

#include "bitlaw/table/table_report.hpp"

namespace bitlaw::table {

/// For people: a grid for each protocol, raw rates in percent with a model's adjusted rate behind, then what
/// rows, columns and marks mean.
[[nodiscard]] std::string table_text(const TableReport& report);
[[nodiscard]] std::string table_markdown(const TableReport& report);
/// One line a cell, under the names of the fields (RFC 4180).
[[nodiscard]] std::string table_csv(const TableReport& report);
/// One object: facts, "data_sets", "compressors" and "cells".
[[nodiscard]] std::string table_json(const TableReport& report);

}  // namespace bitlaw::table
