#include "table_grid.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"

namespace bitlaw::table {

using namespace datasets;
using namespace format;

namespace {

// "36.38", for a model "22.15 (30.67)", with a star when the model has read the data.
std::string rate_text(const TableCell* cell, bool is_model) {
    if (cell == nullptr) {
        return "-";
    }
    if (!cell->measured) {
        return "failed";
    }
    const Measurement& m = *cell->measured;
    std::string text = percent(m.raw_rate());
    if (is_model) {
        text += " (" + percent(m.adjusted_rate()) + ")";
        switch (m.origin.origin) {
            case Origin::seen: text += "*"; break;
            case Origin::held_out: break;
            default: text += "?";
        }
    }
    return text;
}

// What a row took, over all its data sets.
struct RowCost {
    double seconds = 0;
    double restore_seconds = 0;
    std::uint64_t peak_memory = 0;
    bool has_restored = false;
    bool has_memory = false;
    std::size_t cells = 0;
    std::size_t reused = 0;
    std::set<std::string> sources;
};

RowCost cost_of(const TableReport& report, TableProtocol protocol, std::size_t row) {
    RowCost cost;
    for (const TableCell& cell : report.cells) {
        if (cell.protocol != protocol || cell.row != row || !cell.measured) {
            continue;
        }
        const Measurement& m = *cell.measured;
        ++cost.cells;
        cost.reused += cell.reused ? 1 : 0;
        cost.seconds += m.seconds;
        cost.restore_seconds += m.restore_seconds.value_or(0);
        cost.has_restored = cost.has_restored || m.restore_seconds;
        cost.peak_memory = std::max(cost.peak_memory, m.peak_memory.value_or(0));
        cost.has_memory = cost.has_memory || m.peak_memory;
        cost.sources.insert(rate_source_name(m.source));
    }
    return cost;
}

bool has_cells(const TableReport& report, TableProtocol protocol, std::size_t row) {
    return std::any_of(report.cells.begin(), report.cells.end(),
                       [&](const TableCell& cell) { return cell.protocol == protocol && cell.row == row; });
}

Legend legend_of_marks(const TableReport& report) {
    Legend legend{"Rates", {}};
    const auto add = [&](const char* name, const std::string& meaning) {
        legend.lines.emplace_back(name, meaning);
    };
    add("", "compressed / original bytes in %; lower is better");
    const bool with_models = has_models(report);
    if (with_models) {
        add("raw (adjusted)",
            "without and with the model's bytes as stored; a classical compressor's own bytes are "
            "not counted, as in the paper");
        add("*",
            "in-sample: the model has read some of these bytes (by the sample of its training data's "
            "content, or "
            "by the hash of its ranges); without a mark held-out by content; ? for a model without a sample, "
            "and "
            "for data below 100,000 bytes, which are too short to tell");
        for (const TableCell& cell : report.cells) {
            if (!cell.measured || !report.rows[cell.row].model_id || !cell.measured->origin.seen_share) {
                continue;
            }
            const std::string line =
                text_of(report.rows[cell.row].name, " on ", report.columns[cell.column].name, ": ",
                        percent(*cell.measured->origin.seen_share, 0), " seen");
            const bool is_new = std::none_of(legend.lines.begin(), legend.lines.end(),
                                             [&](const auto& known) { return known.second == line; });
            if (is_new) {
                add("", line);
            }
        }
    }
    add("chunked",
        "every chunk by itself; bytes = sum - (chunks - 1) x header, where header is the size of one zero "
        "byte "
        "compressed" +
            std::string(with_models ? "; a model has no header" : ""));
    add("rate from",
        "restored: the compressed bytes, from which the original was restored in the same run" +
            std::string(with_models
                            ? "; archive: an archive's bytes; estimate: the ideal code length over the "
                              "coder's frequencies"
                            : ""));
    add("seconds, memory",
        "sum over the data sets, and greatest memory above what was there before; chunks run on all threads, "
        "classical compressors unchunked on one");
    return legend;
}

// A line for each earlier table and each place of its cells: files, cells, machine, threads, date.
Legend legend_of_reuse(const TableReport& report) {
    struct Group {
        std::size_t cells = 0;
        std::size_t fewest_threads = 0;
        std::size_t most_threads = 0;
    };
    std::map<std::vector<std::string>, Group> groups;
    for (const TableCell& cell : report.cells) {
        if (cell.reused && cell.measured) {
            const TableProvenance& from = *cell.reused;
            const std::size_t threads = cell.measured->threads;
            Group& group = groups[{from.file, from.machine, from.isa, from.date}];
            group.fewest_threads = group.cells == 0 ? threads : std::min(group.fewest_threads, threads);
            group.most_threads = std::max(group.most_threads, threads);
            ++group.cells;
        }
    }
    Legend legend{"Reused", {}};
    if (!groups.empty()) {
        legend.lines.emplace_back(
            "",
            "measured before, with the same settings on the same data; seconds and memory are of "
            "the machine and day that stand here");
    }
    for (const auto& [place, group] : groups) {
        legend.lines.emplace_back(
            place[0],
            text_of(group.cells, group.cells == 1 ? " cell, " : " cells, ", place[1], ", ",
                    group.fewest_threads == group.most_threads ? "" : text_of(group.fewest_threads, " to "),
                    group.most_threads, group.most_threads == 1 ? " thread, " : " threads, ", place[2], ", ",
                    place[3]));
    }
    return legend;
}

}  // namespace

bool has_models(const TableReport& report) {
    return std::any_of(report.rows.begin(), report.rows.end(),
                       [](const TableRow& row) { return row.model_id.has_value(); });
}

std::string percent(double rate, int decimals) { return fixed_text(100.0 * rate, decimals); }

const TableCell* find_cell(const TableReport& report, TableProtocol protocol, std::size_t row,
                           std::size_t column) {
    const auto found = std::find_if(report.cells.begin(), report.cells.end(), [&](const TableCell& cell) {
        return cell.protocol == protocol && cell.row == row && cell.column == column;
    });
    return found == report.cells.end() ? nullptr : &*found;
}

std::vector<TableProtocol> protocols_of(const TableReport& report) {
    std::vector<TableProtocol> protocols;
    for (const TableProtocol protocol : {TableProtocol::unchunked, TableProtocol::chunked}) {
        if (std::any_of(report.cells.begin(), report.cells.end(),
                        [&](const TableCell& cell) { return cell.protocol == protocol; })) {
            protocols.push_back(protocol);
        }
    }
    return protocols;
}

std::string protocol_title(const TableReport& report, TableProtocol protocol) {
    if (protocol == TableProtocol::chunked) {
        return text_of("Independent chunks of ", with_commas(report.chunk_bytes), " bytes");
    }
    if (!has_models(report)) {
        return "In one piece";
    }
    const bool mixes =
        std::any_of(report.rows.begin(), report.rows.end(), [](const TableRow& row) { return row.mixes; });
    return text_of("In one piece (models: continuous, archives by the network alone",
                   mixes ? ", and mixed with experts" : "", ")");
}

Table table_grid(const TableReport& report, TableProtocol protocol) {
    Table grid{.columns = {{"", "compressor", true}}};
    for (const TableColumn& column : report.columns) {
        grid.columns.push_back({"", column.name});
    }
    grid.columns.insert(grid.columns.end(),
                        {{"", "seconds"}, {"", "restore s"}, {"", "memory MB"}, {"", "rate from", true}});
    for (std::size_t r = 0; r < report.rows.size(); ++r) {
        if (!has_cells(report, protocol, r)) {
            continue;
        }
        const TableRow& row = report.rows[r];
        std::vector<Cell> line{text_cell(row.name)};
        for (std::size_t c = 0; c < report.columns.size(); ++c) {
            line.push_back(text_cell(rate_text(find_cell(report, protocol, r, c), row.model_id.has_value())));
        }
        const RowCost cost = cost_of(report, protocol, r);
        line.push_back(cost.cells > 0 ? number_cell(cost.seconds, 2) : nothing_cell());
        line.push_back(cost.has_restored ? number_cell(cost.restore_seconds, 2) : nothing_cell());
        line.push_back(cost.has_memory ? number_cell(static_cast<double>(cost.peak_memory) / 1e6, 1)
                                       : nothing_cell());
        std::string sources;
        for (const std::string& source : cost.sources) {
            sources += (sources.empty() ? "" : ", ") + source;
        }
        if (cost.reused > 0) {
            sources += cost.reused == cost.cells ? ", reused"
                                                 : text_of(", ", cost.reused, " of ", cost.cells, " reused");
        }
        line.push_back(text_cell(sources));
        grid.add(std::move(line));
    }
    return grid;
}

std::vector<Legend> table_legends(const TableReport& report) {
    std::vector<Legend> legends;
    if (!report.is_complete) {
        legends.push_back({"Stopped", {{"", "the work was stopped; what is missing was not measured"}}});
    }
    Legend failures{"Failed", {}};
    for (const TableCell& cell : report.cells) {
        if (!cell.measured) {
            failures.lines.emplace_back(
                report.rows[cell.row].name + " on " + report.columns[cell.column].name, cell.failure);
        }
    }
    if (!failures.lines.empty()) {
        legends.push_back(failures);
    }
    if (const Legend reuse = legend_of_reuse(report); !reuse.lines.empty()) {
        legends.push_back(reuse);
    }
    legends.push_back(legend_of_marks(report));
    Legend data{"Data sets", {}};
    for (const TableColumn& c : report.columns) {
        data.lines.emplace_back(
            c.name, text_of(c.kind, ", ", with_commas(c.bytes), " bytes, hash ", hex64(c.hash),
                            c.skipped_files == 0
                                ? ""
                                : text_of(", ", c.skipped_files, c.skipped_files == 1 ? " file" : " files",
                                          " could not be used")));
    }
    legends.push_back(data);
    Legend compressors{"Compressors", {}};
    for (const TableRow& row : report.rows) {
        compressors.lines.emplace_back(row.name, row.settings);
    }
    legends.push_back(compressors);
    return legends;
}

}  // namespace bitlaw::table
