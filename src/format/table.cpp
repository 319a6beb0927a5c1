#include "bitlaw/format/table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/format/numbers.hpp"

namespace bitlaw::format {
namespace {

// RFC 4180.
std::string csv_text(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

std::string csv_value(const Exact& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        return csv_text(*text);
    }
    const std::string json = json_line(json_of(value));
    return json == "null" ? "" : json;
}

}  // namespace

Cell text_cell(const std::string& text) { return {printable(text), text}; }
Cell count_cell(std::uint64_t value) { return {with_commas(value), value}; }
Cell number_cell(double value, int decimals, const char* unit) {
    return {std::isfinite(value) ? fmt::format("{:.{}f}{}", value, decimals, unit) : "-", value};
}
Cell share_cell(double value, int decimals) {
    return {std::isfinite(value) ? percent_text(value, decimals) : "-", value};
}
Cell size_cell(double value) { return {short_text(value), value}; }
Cell general_cell(double value) { return {general_text(value), value}; }
Cell flag_cell(bool value) { return {value ? "yes" : "no", value}; }
Cell nothing_cell() { return {"-", {}}; }

void Table::add(std::vector<Cell> row) {
    BITLAW_ASSERT(row.size() == columns.size());
    rows.push_back(std::move(row));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        widths.push_back(shown_width(columns[c].title));
        for (const auto& row : rows) {
            widths[c] = std::max(widths[c], shown_width(row[c].shown));
        }
    }
    std::string text;
    const auto add_line = [&](const auto& shown_of) {
        std::string line;
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const std::string& shown = shown_of(c);
            const std::string padding(widths[c] - shown_width(shown), ' ');
            line += (c == 0 ? "" : "  ") + (columns[c].left ? shown + padding : padding + shown);
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    };
    add_line([&](std::size_t c) -> const std::string& { return columns[c].title; });
    for (const auto& row : rows) {
        add_line([&](std::size_t c) -> const std::string& { return row[c].shown; });
    }
    return text;
}

std::string Table::markdown() const {
    std::string titles;
    std::string rule;
    std::string lines;
    for (const Column& column : columns) {
        titles += "| " + markdown_text(column.title) + " ";
        rule += column.left ? "|---" : "|---:";
    }
    for (const auto& row : rows) {
        for (const Cell& cell : row) {
            lines += "| " + markdown_text(cell.shown) + " ";
        }
        lines += "|\n";
    }
    return titles + "|\n" + rule + "|\n" + lines;
}

std::string Table::csv() const {
    std::string text;
    for (const Column& column : columns) {
        text += (text.empty() ? "" : ",") + column.key;
    }
    text += '\n';
    for (const auto& row : rows) {
        for (const Cell& cell : row) {
            text += (&cell == row.data() ? "" : ",") + csv_value(cell.exact);
        }
        text += '\n';
    }
    return text;
}

Json Table::json() const {
    Json list = Json::array();
    for (const auto& row : rows) {
        Json object = Json::object();
        for (std::size_t c = 0; c < columns.size(); ++c) {
            object[columns[c].key] = json_of(row[c].exact);
        }
        list.push_back(std::move(object));
    }
    return list;
}

std::string Table::json_text() const { return json_file(json()); }

Json json_of(const Exact& value) {
    return std::visit(
        [](const auto& exact) {
            if constexpr (std::is_same_v<decltype(exact), const std::monostate&>) {
                return Json();
            } else {
                return Json(exact);
            }
        },
        value);
}

std::string markdown_text(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        escaped += c == '|' || c == '*' || c == '_' ? std::string("\\") + c : std::string(1, c);
    }
    return escaped;
}

}  // namespace bitlaw::format
