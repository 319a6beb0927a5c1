#include "bitlaw/studies/foreign_runs.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/laws/law_odd.hpp"
#include "bitlaw/studies/form_tables.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

constexpr std::uint64_t kMostRunBytes = 1 << 26;
constexpr std::uint64_t kSeed = 20241;
constexpr double kCell = 0.1;  // of log N and log U

// The fields of a line: commas between, quotes around those that hold some.
std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields(1);
    bool is_quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && is_quoted && i + 1 < line.size() && line[i + 1] == '"') {
            fields.back() += line[++i];
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == ',' && !is_quoted) {
            fields.emplace_back();
        } else if (c != '\r') {
            fields.back() += c;
        }
    }
    return fields;
}

// Where a column stands in the lines.
std::optional<std::size_t> place_of(const std::vector<std::string>& header, const std::string& name) {
    const auto found = std::find(header.begin(), header.end(), name);
    return found == header.end() ? std::nullopt : std::optional<std::size_t>(found - header.begin());
}

std::size_t needed(const std::vector<std::string>& header, const std::string& name, const std::string& path,
                   const char* option) {
    if (const auto place = place_of(header, name)) {
        return *place;
    }
    std::string names;
    for (const std::string& known : header) {
        names += (names.empty() ? "'" : ", '") + known + "'";
    }
    fail_usage(path, ": there is no column '", name, "'; name it by ", option, "; the columns are ", names);
}

double number_of(const std::string& text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || !(value > 0.0) ||
        !std::isfinite(value)) {
        fail("'", text, "' is no number above zero");
    }
    return value;
}

std::vector<std::size_t> cells_of(const std::vector<ProfileRun>& runs) {
    std::map<std::pair<double, double>, std::size_t> numbers;
    std::vector<std::size_t> cells;
    for (const ProfileRun& run : runs) {
        const std::pair cell(std::round(std::log(run.point.parameters) / kCell),
                             std::round(std::log(run.point.unique) / kCell));
        cells.push_back(numbers.emplace(cell, numbers.size()).first->second);
    }
    return cells;
}

Table compute_table(const ForeignFit& fit) {
    Table table{"compute_optimum",
                "The best size for a number of operations",
                "By every form, operations 6 N D, all bytes (or tokens) different: at the largest number of "
                "the runs and beyond.",
                {{"training_flops", "operations"},
                 {"form", "form", true},
                 {"parameters", "best N"},
                 {"parameters_low_90", "5 %"},
                 {"parameters_high_90", "95 %"},
                 {"bytes", "D"},
                 {"loss", "loss"}},
                {}};
    const ByteOperations operations(std::map<double, double>{{1.0, 6.0}});
    double most = 0;
    for (const ProfileRun& run : fit.runs) {
        most = std::max(most, run.flops);
    }
    for (const double flops : {most, 10 * most, 100 * most, 1000 * most}) {
        for (const FormResult& form : fit.forms) {
            const Interval best = interval_of(form.fit.law, form.bootstrap, [&](const FormLaw& law) {
                return compute_optimum(law, flops, operations);
            });
            const double bytes = flops / (6.0 * best.value);
            table.add({general_cell(flops), text_cell(form.fit.law.form->key), size_cell(best.value),
                       size_cell(best.low), size_cell(best.high), size_cell(bytes),
                       number_cell(form.fit.law.bits(best.value, bytes, bytes), 4)});
        }
    }
    return table;
}

}  // namespace

std::vector<ProfileRun> read_foreign_runs(const std::filesystem::path& path, const RunColumns& columns) {
    const std::string text = read_text(path, kMostRunBytes);
    std::vector<ProfileRun> runs;
    std::vector<std::string> header;
    std::size_t line_number = 0;
    std::size_t size_at = 0;
    std::size_t loss_at = 0;
    std::optional<std::size_t> bytes_at;
    std::optional<std::size_t> flops_at;
    std::optional<std::size_t> unique_at;
    std::optional<std::size_t> status_at;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        ++line_number;
        if (line.empty() || line == "\r") {
            continue;
        }
        const std::vector<std::string> fields = fields_of(line);
        if (header.empty()) {
            header = fields;
            size_at = needed(header, columns.parameters, path.string(), "--size-column");
            loss_at = needed(header, columns.loss, path.string(), "--loss-column");
            bytes_at = place_of(header, columns.bytes);
            flops_at = place_of(header, columns.flops);
            if (!bytes_at && !flops_at) {
                (void)needed(header, columns.bytes, path.string(), "--bytes-column (or --flops-column)");
            }
            unique_at = place_of(header, columns.unique);
            status_at = place_of(header, columns.status);
            continue;
        }
        if (fields.size() != header.size()) {
            fail(path.string(), " line ", line_number, " has ", fields.size(), " fields, not ",
                 header.size());
        }
        if (status_at && fields[*status_at] != "done") {
            continue;
        }
        try {
            ProfileRun run;
            LawPoint& p = run.point;
            p.parameters = number_of(fields[size_at]);
            p.bits = number_of(fields[loss_at]);
            p.bytes =
                bytes_at ? number_of(fields[*bytes_at]) : number_of(fields[*flops_at]) / (6.0 * p.parameters);
            p.unique = unique_at ? std::min(number_of(fields[*unique_at]), p.bytes) : p.bytes;
            run.flops = flops_at ? number_of(fields[*flops_at]) : 6.0 * p.parameters * p.bytes;
            runs.push_back(run);
        } catch (const Error& error) {
            fail(path.string(), " line ", line_number, ": ", error.what());
        }
    }
    if (runs.empty()) {
        fail(path.string(), " holds no run");
    }
    return runs;
}

ForeignFit fit_foreign(const std::filesystem::path& path, const ForeignOptions& options) {
    ForeignFit result;
    result.runs = read_foreign_runs(path, options.columns);
    result.read = result.runs.size();
    std::stable_sort(result.runs.begin(), result.runs.end(),
                     [](const ProfileRun& a, const ProfileRun& b) { return a.point.bits < b.point.bits; });
    result.left_out = std::min<std::size_t>(options.leave_out, result.runs.size());
    result.runs.resize(result.runs.size() - result.left_out);
    result.forms =
        compare_forms(result.runs, cells_of(result.runs), {options.bootstrap, kSeed, options.no_model});
    std::vector<LawPoint> points;
    for (const ProfileRun& run : result.runs) {
        points.push_back(run.point);
    }
    for (const OddPoint& odd : odd_points(points)) {
        const LawPoint& p = points[odd.index];
        result.doubts.push_back(text_of("a run of ", p.parameters, " parameters and ", p.bytes,
                                        " bytes has a loss of ", p.bits, " where the others put ",
                                        odd.expected, "; --leave-out leaves out the highest losses"));
    }
    const FormResult& lead = result.forms.front();
    const std::vector<std::string> doubts = form_doubts(lead.fit, lead.huber, lead.bootstrap);
    result.doubts.insert(result.doubts.end(), doubts.begin(), doubts.end());
    return result;
}

std::vector<Table> foreign_tables(const ForeignFit& fit) {
    std::vector<Table> tables = form_tables(fit.forms);
    tables.push_back(compute_table(fit));
    return tables;
}

}  // namespace bitlaw::studies
