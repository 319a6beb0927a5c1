#include "bitlaw/table/table_text.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/json.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "table_grid.hpp"

namespace bitlaw::table {

using namespace datasets;

namespace {

// A field of a CSV file or a member of a JSON object: text is quoted by their rules, numbers are not.
struct Field {
    const char* name;
    std::string value;  // empty: nothing
    bool is_text = false;
};

std::vector<Field> fields_of(const TableReport& report, const TableCell& cell) {
    const TableRow& row = report.rows[cell.row];
    const TableColumn& column = report.columns[cell.column];
    const bool chunked = cell.protocol == TableProtocol::chunked;
    const auto optional = [](const auto& value, const auto& write) {
        return value ? write(*value) : std::string();
    };
    std::vector<Field> fields{{"protocol",
                               chunked        ? "chunked"
                               : row.model_id ? "continuous"
                                              : "unchunked",
                               true},
                              {"chunk_bytes", chunked ? std::to_string(report.chunk_bytes) : ""},
                              {"compressor", row.name, true},
                              {"model", optional(row.model_id, hex64), true},
                              {"data_set", column.name, true},
                              {"data_hash", hex64(column.hash), true}};
    const auto number = [&](const char* name, const std::string& value) { fields.push_back({name, value}); };
    const Measurement m = cell.measured.value_or(Measurement{});
    const bool ok = cell.measured.has_value();
    const auto figure = [&](const char* name, double value) { number(name, ok ? exact_text(value) : ""); };
    const auto count = [&](const char* name, std::uint64_t value) {
        number(name, ok ? std::to_string(value) : "");
    };
    count("plain_bytes", m.plain_bytes);
    figure("coded_bytes", m.coded_bytes);
    count("model_bytes", m.model_bytes);
    count("chunks", m.chunks);
    count("header_bytes", m.header_bytes);
    figure("raw_rate", m.raw_rate());
    figure("adjusted_rate", m.adjusted_rate());
    figure("bits_per_byte", 8.0 * m.raw_rate());
    fields.push_back({"origin", ok && row.model_id ? origin_name(m.origin) : "", true});
    fields.push_back({"rate_from", ok ? rate_source_name(m.source) : "", true});
    figure("seconds", m.seconds);
    number("restore_seconds", optional(m.restore_seconds, exact_text));
    number("peak_memory_bytes", optional(m.peak_memory, [](std::uint64_t v) { return std::to_string(v); }));
    count("threads", m.threads);
    fields.push_back({"failure", cell.failure, true});
    const auto place = [&](const char* name, const std::string& value) {
        fields.push_back({name, value, true});
    };
    place("machine", cell.reused ? cell.reused->machine : report.machine);
    place("isa", cell.reused ? cell.reused->isa : report.isa);
    place("date", cell.reused ? cell.reused->date : report.date);
    place("reused_from", cell.reused ? cell.reused->file : "");
    return fields;
}

std::string csv_text(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    }
    return quoted + "\"";
}

std::string aligned(const Grid& grid) {
    std::vector<std::size_t> widths(grid.front().size());
    for (const auto& line : grid) {
        for (std::size_t c = 0; c < line.size(); ++c) {
            widths[c] = std::max(widths[c], shown_width(line[c]));
        }
    }
    std::string text;
    for (const auto& line : grid) {
        std::string shown;
        for (std::size_t c = 0; c < line.size(); ++c) {
            const std::string padding(widths[c] - shown_width(line[c]), ' ');
            const bool is_left = c == 0 || c + 1 == line.size();
            shown += (c == 0 ? "" : "  ") + (is_left ? line[c] + padding : padding + line[c]);
        }
        shown.erase(shown.find_last_not_of(' ') + 1);
        text += shown + "\n";
    }
    return text;
}

std::string escaped_markdown(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        escaped += c == '|' || c == '*' || c == '_' ? std::string("\\") + c : std::string(1, c);
    }
    return escaped;
}

std::string markdown(const Grid& grid) {
    std::string text;
    for (std::size_t r = 0; r < grid.size(); ++r) {
        for (const std::string& cell : grid[r]) {
            text += "| " + escaped_markdown(cell) + " ";
        }
        text += "|\n";
        for (std::size_t c = 0; r == 0 && c < grid[0].size(); ++c) {
            text += c == 0 || c + 1 == grid[0].size() ? "|---" : "|---:";
        }
        text += r == 0 ? "|\n" : "";
    }
    return text;
}

}  // namespace

std::string table_text(const TableReport& report) {
    std::string text =
        text_of(report.machine, ", ", report.threads, report.threads == 1 ? " thread, " : " threads, ",
                report.isa, ", ", report.date, "\n", report.command, "\n");
    for (const TableProtocol protocol : protocols_of(report)) {
        text += "\n" + protocol_title(report, protocol) + "\n" + aligned(table_grid(report, protocol));
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
        text += "\n" + protocol_title(report, protocol) + "\n\n" + markdown(table_grid(report, protocol));
    }
    for (const Legend& legend : table_legends(report)) {
        text += "\n" + legend.title + "\n\n";
        for (const auto& [name, meaning] : legend.lines) {
            text += "- " + escaped_markdown(name.empty() ? meaning : name + ": " + meaning) + "\n";
        }
    }
    return text;
}

std::string table_csv(const TableReport& report) {
    std::string csv;
    for (const TableCell& cell : report.cells) {
        const std::vector<Field> fields = fields_of(report, cell);
        if (csv.empty()) {
            for (const Field& field : fields) {
                csv += (csv.empty() ? "" : ",") + std::string(field.name);
            }
            csv += "\n";
        }
        for (std::size_t i = 0; i < fields.size(); ++i) {
            csv += (i == 0 ? "" : ",") + csv_text(fields[i].value);
        }
        csv += "\n";
    }
    return csv;
}

std::string table_json(const TableReport& report) {
    std::string json =
        text_of("{\"machine\": ", json_text(report.machine), ", \"threads\": ", report.threads,
                ", \"isa\": ", json_text(report.isa), ", \"date\": ", json_text(report.date),
                ",\n \"command\": ", json_text(report.command), ",\n \"chunk_bytes\": ", report.chunk_bytes,
                ",\n \"complete\": ", report.is_complete ? "true" : "false", ",\n \"data_sets\": [");
    for (std::size_t i = 0; i < report.columns.size(); ++i) {
        const TableColumn& c = report.columns[i];
        json += text_of(i == 0 ? "\n  " : ",\n  ", "{\"name\": ", json_text(c.name),
                        ", \"file\": ", json_text(c.file), ", \"kind\": ", json_text(c.kind),
                        ", \"bytes\": ", c.bytes, ", \"hash\": ", json_text(hex64(c.hash)),
                        ", \"skipped_files\": ", c.skipped_files, ", \"row_bytes\": ", c.row_bytes, "}");
    }
    json += "],\n \"compressors\": [";
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
        const TableRow& r = report.rows[i];
        json += text_of(i == 0 ? "\n  " : ",\n  ", "{\"name\": ", json_text(r.name),
                        ", \"settings\": ", json_text(r.settings),
                        ", \"model\": ", r.model_id ? json_text(hex64(*r.model_id)) : "null",
                        ", \"model_bytes\": ", r.model_bytes, ", \"trained_bytes\": ", r.trained_bytes, "}");
    }
    json += "],\n \"cells\": [";
    for (std::size_t i = 0; i < report.cells.size(); ++i) {
        json += i == 0 ? "\n  {" : ",\n  {";
        bool is_first = true;
        for (const Field& field : fields_of(report, report.cells[i])) {
            json += text_of(is_first ? "" : ", ", json_text(field.name), ": ",
                            field.value.empty() ? "null"
                            : field.is_text     ? json_text(field.value)
                                                : field.value);
            is_first = false;
        }
        json += "}";
    }
    return json + "]}\n";
}

}  // namespace bitlaw::table
