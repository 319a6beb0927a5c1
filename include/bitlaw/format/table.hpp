#pragma once
/// \file The one table: columns declared once, cells that people and programs read, as text, Markdown, CSV
/// and JSON.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bitlaw/format/json.hpp"

namespace bitlaw::format {

/// As programs read it; nothing where there is no value.
using Exact =
    std::variant<std::monostate, bool, std::uint64_t, double, std::string, std::vector<std::string>>;

/// One value: as people read it, and exactly.
struct Cell {
    std::string shown;
    Exact exact;
};

[[nodiscard]] Cell text_cell(const std::string& text);  ///< shown without control characters
[[nodiscard]] Cell count_cell(std::uint64_t value);     ///< "1,234,567"
/// "1.50 s"; "-" for what is not finite.
[[nodiscard]] Cell number_cell(double value, int decimals, const char* unit = "");
[[nodiscard]] Cell share_cell(double value, int decimals = 2);  ///< 0.2164 is shown as "21.64 %"
[[nodiscard]] Cell size_cell(double value);                     ///< as short_text has it
[[nodiscard]] Cell general_cell(double value);                  ///< four significant digits
[[nodiscard]] Cell flag_cell(bool value);                       ///< "yes", "no"
[[nodiscard]] Cell nothing_cell();                              ///< "-"

struct Column {
    std::string key;    ///< name in CSV and JSON, with its unit
    std::string title;  ///< heading for people
    bool left = false;  ///< text stands left, numbers right
};

/// Rows of equal length under columns.
struct Table {
    std::string name = {};   ///< among other tables
    std::string title = {};  ///< what it shows
    std::string note = {};   ///< what the columns mean, in a sentence or two
    std::vector<Column> columns = {};
    std::vector<std::vector<Cell>> rows = {};

    void add(std::vector<Cell> row);
    /// Aligned columns, a line for the titles.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string markdown() const;
    /// Exact values under the keys (RFC 4180), empty where there is none.
    [[nodiscard]] std::string csv() const;
    /// [{"key": value, ...}, ...].
    [[nodiscard]] Json json() const;
    [[nodiscard]] std::string json_text() const;  ///< a line a row
};

[[nodiscard]] Json json_of(const Exact& value);

/// The text as Markdown shows it.
[[nodiscard]] std::string markdown_text(const std::string& text);

}  // namespace bitlaw::format
