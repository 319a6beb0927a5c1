#include "bitlaw/table/table_plot.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "table_grid.hpp"

namespace bitlaw::table {

using namespace datasets;

namespace {

// Pixels of the picture's parts.
constexpr int kNameWidth = 150;   // compressors' names, left of the panels
constexpr int kPanelWidth = 190;  // one data set
constexpr int kBarHeight = 19;    // one row
constexpr int kPanelMargin = 62;  // title and axis of a panel
constexpr int kHeadHeight = 46;
/// Rates above this are cut: a model's bytes can be many times the data's.
constexpr double kMostPercent = 115.0;

// A text inside gnuplot's double quotes, with nothing in it that enhanced text would read as markup.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += std::string("\\") + c;
        } else if (std::string("{}^_@&~").find(c) != std::string::npos) {
            result += std::string("\\\\") + c;
        } else {
            result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return result + "\"";
}

std::string number(double value) { return percent(value / 100.0, 4); }

// The data block of a panel: position, raw %, adjusted % (both cut), label, whether it is a model's.
std::string block_of(const TableReport& report, TableProtocol protocol, std::size_t column,
                     const std::vector<std::size_t>& rows) {
    std::string lines;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const TableCell* const cell = find_cell(report, protocol, rows[i], column);
        if (cell == nullptr || !cell->measured) {
            continue;
        }
        const Measurement& m = *cell->measured;
        const bool is_model = report.rows[rows[i]].model_id.has_value();
        const double raw = 100.0 * m.raw_rate();
        const double adjusted = 100.0 * m.adjusted_rate();
        std::string label = percent(m.raw_rate(), 1);
        if (is_model) {
            label +=
                " (" + percent(m.adjusted_rate(), 1) + ")" + (m.origin.origin == Origin::seen ? "*" : "");
        }
        lines += text_of(i, " ", number(std::min(raw, kMostPercent)), " ",
                         number(std::min(adjusted, kMostPercent)), " ", quoted(label), " ", is_model ? 1 : 0,
                         "\n");
    }
    return lines;
}

}  // namespace

std::string table_plot(const TableReport& report, const std::string& svg) {
    const std::vector<TableProtocol> protocols = protocols_of(report);
    BITLAW_ASSERT(!protocols.empty() && !report.columns.empty());
    // Rows of each protocol that have a bar.
    std::vector<std::vector<std::size_t>> rows(protocols.size());
    int height = kHeadHeight;
    for (std::size_t p = 0; p < protocols.size(); ++p) {
        for (std::size_t r = 0; r < report.rows.size(); ++r) {
            if (std::any_of(report.cells.begin(), report.cells.end(), [&](const TableCell& cell) {
                    return cell.protocol == protocols[p] && cell.row == r && cell.measured;
                })) {
                rows[p].push_back(r);
            }
        }
        height += kPanelMargin + kBarHeight * static_cast<int>(rows[p].size());
    }
    const std::string marks =
        has_models(report)
            ? "orange: data alone; pale: with the model's bytes, in brackets; *: the model was "
              "trained on these data. "
            : "";
    const bool has_reused = std::any_of(report.cells.begin(), report.cells.end(),
                                        [](const TableCell& cell) { return cell.reused.has_value(); });
    const int width = kNameWidth + kPanelWidth * static_cast<int>(report.columns.size()) + 20;
    std::string plot = text_of(
        "set terminal svg size ", width, ",", height, " font 'Helvetica,11' background rgb 'white'\n",
        "set encoding utf8\n", "set output ", quoted(svg), "\n", "set multiplot\n",
        "set label 1 'Compressed bytes in % of the original (lower is better)' at screen 0.5, screen ",
        number(1.0 - 16.0 / height), " center font ',14'\n", "set label 2 ",
        quoted(marks + report.machine + ", " + report.date +
               (has_reused ? ", some rates measured before" : "")),
        " at screen 0.5, screen ", number(1.0 - 34.0 / height), " center font ',10'\n",
        "set key off\nset border 3 lc rgb '#666666'\n", "set xrange [0:", number(kMostPercent),
        "]\nset xtics 0, 25, 100 nomirror font ',9'\nset ytics nomirror scale 0\n",
        "set grid xtics lc rgb '#dddddd' lw 1\nset style fill solid 1.0 noborder\n");
    double top = height - kHeadHeight;
    for (std::size_t p = 0; p < protocols.size(); ++p) {
        const double bars = kBarHeight * static_cast<double>(rows[p].size());
        const double upper = top - 34.0;
        const double lower = upper - bars;
        top -= kPanelMargin + bars;
        plot += text_of("set tmargin at screen ", number(upper / height), "\nset bmargin at screen ",
                        number(lower / height), "\nset yrange [", rows[p].size(), " - 0.5:-0.5]\n");
        for (std::size_t c = 0; c < report.columns.size(); ++c) {
            const std::string name = text_of("$panel", p, "_", c);
            const double left = kNameWidth + static_cast<double>(kPanelWidth) * static_cast<double>(c);
            std::string tics;
            for (std::size_t i = 0; i < rows[p].size(); ++i) {
                tics +=
                    text_of(i == 0 ? "" : ", ", quoted(c == 0 ? report.rows[rows[p][i]].name : ""), " ", i);
            }
            plot += text_of(
                name, " << EOD\n", block_of(report, protocols[p], c, rows[p]), "EOD\n",
                "set lmargin at screen ", number(left / width), "\nset rmargin at screen ",
                number((left + kPanelWidth - 14.0) / width), "\nset ytics (", tics, ")\nset title ",
                quoted(report.columns[c].name + (protocols[p] == TableProtocol::chunked
                                                     ? text_of(", chunks of ", report.chunk_bytes)
                                                     : std::string(", in one piece"))),
                " font ',11' offset 0,-0.5\n", "if (|", name, "| > 0) { plot ", name,
                " using ($3/2):1:($3/2):(0.36) with boxxyerror lc rgb '#fbe3cc', ", name,
                " using ($2/2):1:($2/2):(0.36):($5 > 0 ? 0xeba566 : 0x9dbfe3) with boxxyerror lc rgb "
                "variable, ",
                name,
                " using (1.5):1:4 with labels left font ',9' tc rgb 'black' } else { plot -1 notitle }\n",
                c == 0 && p == 0 ? "unset label 1\nunset label 2\n" : "");
        }
    }
    return plot + "unset multiplot\nset output\n";
}

}  // namespace bitlaw::table
