#include "bitlaw/table/table_text.hpp"

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/format/table.hpp"
#include "table_grid.hpp"

namespace bitlaw::table {

using namespace datasets;
using namespace format;

namespace {

// Null where it is empty.
Cell text_or_nothing(const std::string& text) { return text.empty() ? nothing_cell() : text_cell(text); }

// A row for each cell.
Table cells_of(const TableReport& report) {
    Table table;
    for (const char* key : {"protocol",      "chunk_bytes",   "compressor",      "model",
                            "data_set",      "data_hash",     "plain_bytes",     "coded_bytes",
                            "model_bytes",   "chunks",        "header_bytes",    "raw_rate",
                            "adjusted_rate", "bits_per_byte", "origin",          "seen_share",
                            "rate_from",     "seconds",       "restore_seconds", "peak_memory_bytes",
                            "threads",       "failure",       "machine",         "isa",
                            "date",          "reused_from"}) {
        table.columns.push_back({key, key});
    }
    for (const TableCell& cell : report.cells) {
        const TableRow& row = report.rows[cell.row];
        const TableColumn& column = report.columns[cell.column];
        const bool chunked = cell.protocol == TableProtocol::chunked;
        const bool ok = cell.measured.has_value();
        const Measurement m = cell.measured.value_or(Measurement{});
        const auto count = [&](std::uint64_t value) { return ok ? count_cell(value) : nothing_cell(); };
        const auto number = [&](double value) { return ok ? number_cell(value, 4) : nothing_cell(); };
        const TableProvenance here{"", report.machine, report.isa, report.date};
        const TableProvenance& from = cell.reused ? *cell.reused : here;
        table.add({text_cell(chunked        ? "chunked"
                             : row.model_id ? "continuous"
                                            : "unchunked"),
                   chunked ? count_cell(report.chunk_bytes) : nothing_cell(),
                   text_cell(row.name),
                   row.model_id ? text_cell(hex64(*row.model_id)) : nothing_cell(),
                   text_cell(column.name),
                   text_cell(hex64(column.hash)),
                   count(m.plain_bytes),
                   number(m.coded_bytes),
                   count(m.model_bytes),
                   count(m.chunks),
                   count(m.header_bytes),
                   number(m.raw_rate()),
                   number(m.adjusted_rate()),
                   number(8.0 * m.raw_rate()),
                   ok && row.model_id ? text_cell(origin_name(m.origin.origin)) : nothing_cell(),
                   ok && row.model_id && m.origin.seen_share ? number_cell(*m.origin.seen_share, 4)
                                                             : nothing_cell(),
                   ok ? text_cell(rate_source_name(m.source)) : nothing_cell(),
                   number(m.seconds),
                   m.restore_seconds ? number_cell(*m.restore_seconds, 2) : nothing_cell(),
                   m.peak_memory ? count_cell(*m.peak_memory) : nothing_cell(),
                   count(m.threads),
                   text_or_nothing(cell.failure),
                   text_or_nothing(from.machine),
                   text_or_nothing(from.isa),
                   text_or_nothing(from.date),
                   text_or_nothing(from.file)});
    }
    return table;
}

}  // namespace

std::string table_text(const TableReport& report) {
    std::string text =
        text_of(report.machine, ", ", report.threads, report.threads == 1 ? " thread, " : " threads, ",
                report.isa, ", ", report.date, "\n", report.command, "\n");
    for (const TableProtocol protocol : protocols_of(report)) {
        text += "\n" + protocol_title(report, protocol) + "\n" + table_grid(report, protocol).text();
    }
    for (const Legend& legend : table_legends(report)) {
        text += "\n" + legend.title + "\n";
        for (const auto& [name, meaning] : legend.lines) {
            text += "  " + name + (name.empty() ? "" : ": ") + meaning + "\n";
        }
    }
    return text;
}

std::string table_markdown(const TableReport& report) {
    std::string text =
        text_of(report.machine, ", ", report.threads, report.threads == 1 ? " thread, " : " threads, ",
                report.isa, ", ", report.date, "\n\n    ", report.command, "\n");
    for (const TableProtocol protocol : protocols_of(report)) {
        text += "\n" + protocol_title(report, protocol) + "\n\n" + table_grid(report, protocol).markdown();
    }
    for (const Legend& legend : table_legends(report)) {
        text += "\n" + legend.title + "\n\n";
        for (const auto& [name, meaning] : legend.lines) {
            text += "- " + markdown_text(name.empty() ? meaning : name + ": " + meaning) + "\n";
        }
    }
    return text;
}

std::string table_csv(const TableReport& report) { return cells_of(report).csv(); }

std::string table_json(const TableReport& report) {
    Json sets = Json::array();
    for (const TableColumn& c : report.columns) {
        sets.push_back({{"name", c.name},
                        {"file", c.file},
                        {"kind", c.kind},
                        {"bytes", c.bytes},
                        {"hash", hex64(c.hash)},
                        {"skipped_files", c.skipped_files},
                        {"row_bytes", c.row_bytes}});
    }
    Json compressors = Json::array();
    for (const TableRow& r : report.rows) {
        compressors.push_back({{"name", r.name},
                               {"settings", r.settings},
                               {"model", r.model_id ? Json(hex64(*r.model_id)) : Json()},
                               {"model_bytes", r.model_bytes},
                               {"trained_bytes", r.trained_bytes}});
    }
    return json_file({{"machine", report.machine},
                      {"threads", report.threads},
                      {"isa", report.isa},
                      {"date", report.date},
                      {"command", report.command},
                      {"chunk_bytes", report.chunk_bytes},
                      {"complete", report.is_complete},
                      {"data_sets", std::move(sets)},
                      {"compressors", std::move(compressors)},
                      {"cells", cells_of(report).json()}});
}

}  // namespace bitlaw::table
