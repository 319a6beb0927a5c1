#include "table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/json.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "failure.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace kernels;

namespace {

// As JSON has it.
std::string number_text(double value) { return std::isfinite(value) ? exact_text(value) : "null"; }

}  // namespace

Cell text_cell(const std::string& text) { return {printable(text), json_text(text)}; }
Cell count_cell(std::uint64_t value) { return {with_commas(value), std::to_string(value)}; }
Cell number_cell(double value, int decimals, const char* unit) {
    return {std::isfinite(value) ? fixed_text(value, decimals) + unit : "-", number_text(value)};
}
Cell share_cell(double value) {
    return {std::isfinite(value) ? fixed_text(value * 100.0, 2) + " %" : "-", number_text(value)};
}
Cell flag_cell(bool value) { return value ? Cell{"yes", "true"} : Cell{"no", "false"}; }
Cell nothing_cell() { return {"-", "null"}; }

void Table::add(std::vector<Cell> row) {
    BITLAW_ASSERT(row.size() == columns_.size());
    rows_.push_back(std::move(row));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t width = shown_width(columns_[c].title);
        for (const auto& row : rows_) {
            width = std::max(width, shown_width(row[c].shown));
        }
        widths.push_back(width);
    }
    std::string text;
    const auto add_line = [&](const auto& shown_of) {
        std::string line;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const std::string& shown = shown_of(c);
            const std::string padding(widths[c] - shown_width(shown), ' ');
            line += (c == 0 ? "" : "  ") + (columns_[c].left ? shown + padding : padding + shown);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    };
    add_line([&](std::size_t c) -> const std::string& { return columns_[c].title; });
    for (const auto& row : rows_) {
        add_line([&](std::size_t c) -> const std::string& { return row[c].shown; });
    }
    return text;
}

std::string Table::json() const {
    std::string json = "[";
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        json += r == 0 ? "\n  {" : ",\n  {";
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            json += (c == 0 ? "" : ", ") + json_text(columns_[c].key) + ": " + rows_[r][c].json;
        }
        json += "}";
    }
    return json + "\n]";
}

std::string today() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    std::array<char, 32> text{};
    if (::gmtime_r(&now, &parts) == nullptr) {
        return "unknown";
    }
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

std::string machine_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) {
            const std::size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
            return start == std::string::npos ? "unknown" : line.substr(start);
        }
    }
#if defined(__x86_64__)
    return "x86-64";
#elif defined(__aarch64__)
    return "aarch64";
#else
    return "unknown";
#endif
}

void print_table(const Table& table, const CommonOptions& common,
                 const std::vector<std::pair<std::string, Cell>>& facts) {
    const std::string isa = isa_name(chosen_isa());
    if (common.json) {
        std::string text =
            text_of("{\"machine\": ", json_text(machine_name()), ", \"threads\": ", thread_count(),
                    ", \"isa\": ", json_text(isa), ", \"date\": ", json_text(today()),
                    ",\n \"command\": ", json_text(common.command_line));
        for (const auto& [name, value] : facts) {
            text += ",\n " + json_text(name) + ": " + value.json;
        }
        print(text + ",\n \"rows\": " + table.json() + "}\n");
        return;
    }
    print(text_of(machine_name(), ", ", thread_count(), thread_count() == 1 ? " thread, " : " threads, ", isa,
                  ", ", today(), "\n", common.command_line, "\n\n", table.text()));
}

}  // namespace bitlaw::cli
