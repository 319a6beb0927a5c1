#pragma once
/// \file Tables: aligned text for people, JSON for machines, from the same cells.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"

namespace bitlaw::cli {

/// One value: as people read it, and as JSON.
struct Cell {
    std::string shown;
    std::string json;
};

[[nodiscard]] Cell text_cell(const std::string& text);
[[nodiscard]] Cell count_cell(std::uint64_t value);  ///< "1,234,567"
[[nodiscard]] Cell number_cell(double value, int decimals,
                               const char* unit = "");  ///< JSON has all digits, no unit
[[nodiscard]] Cell share_cell(double value);            ///< 0.2164 is shown as "21.64 %"
[[nodiscard]] Cell flag_cell(bool value);               ///< "yes", "no"
[[nodiscard]] Cell nothing_cell();                      ///< "-" and null

struct Column {
    std::string key;    ///< name in JSON
    std::string title;  ///< heading
    bool left = false;  ///< text stands left, numbers right
};

/// Rows of equal length under columns.
class Table {
   public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<Cell> row);
    [[nodiscard]] std::string text() const;
    /// [{"key": value, ...}, ...], one row a line.
    [[nodiscard]] std::string json() const;

   private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// Prints the table with the machine, its threads, the instruction set, the date and the command above it; as
/// JSON an object of the same fields, `facts` (name and value) and "rows".
void print_table(const Table& table, const CommonOptions& common,
                 const std::vector<std::pair<std::string, Cell>>& facts = {});

/// The date in UTC, "2026-11-23".
[[nodiscard]] std::string today();
/// "AMD EPYC", or the architecture's name where the system does not tell.
[[nodiscard]] std::string machine_name();

}  // namespace bitlaw::cli
