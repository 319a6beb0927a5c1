#include "bitlaw/studies/study_report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/study_tables.hpp"

namespace bitlaw::studies {

using namespace train;
using namespace laws;
using namespace format;

namespace {

constexpr std::uint64_t kMostPictureBytes = 1 << 26;

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += c;
        }
    }
    return result;
}

// The picture without what only a file of its own may begin with, and with ids of its own: gnuplot uses some
// in every picture.
std::string inline_svg(const std::string& file, const std::string& name) {
    const std::size_t begin = file.find("<svg");
    if (begin == std::string::npos) {
        fail("gnuplot drew no SVG picture; check its version");
    }
    std::string svg = file.substr(begin);
    for (const std::string shape : {"gpDot", "gpPt", "gnuplot_canvas", "textbox", "greybox"}) {
        const std::string own = name + "-" + shape;
        for (std::size_t at = svg.find(shape); at != std::string::npos;
             at = svg.find(shape, at + own.size())) {
            svg.replace(at, shape.size(), own);
        }
    }
    return svg;
}

std::string table_html(const Table& table) {
    std::string html = text_of("<h3>", escaped(table.title), "</h3>\n<p class=\"note\">", escaped(table.note),
                               "</p>\n<div class=\"wide\"><table>\n<tr>");
    for (const Column& column : table.columns) {
        html += text_of(column.left ? "<th class=\"left\">" : "<th>", escaped(column.title), "</th>");
    }
    html += "</tr>\n";
    for (const auto& row : table.rows) {
        html += "<tr>";
        for (std::size_t c = 0; c < row.size(); ++c) {
            html += text_of(table.columns[c].left ? "<td class=\"left\">" : "<td>", escaped(row[c].shown),
                            "</td>");
        }
        html += "</tr>\n";
    }
    return html + "</table></div>\n";
}

std::string range_text(const Interval& interval, std::string (*shown)(double)) {
    return interval.has_bounds()
               ? text_of(shown(interval.value), " (", shown(interval.low), " to ", shown(interval.high), ")")
               : shown(interval.value);
}

std::string two_decimals(double share) { return percent_text(share, 2); }

// The most important sentences, each from the findings.
std::vector<std::string> headlines(const StudyFindings& f) {
    std::vector<std::string> lines;
    if (f.has_law()) {
        const FormResult& lead = f.forms.front();
        lines.push_back(text_of("Of ", f.forms.size(), " forms ", lead.fit.law.form->formula,
                                " predicts best: ", two_decimals(lead.hold_out),
                                " root mean square of what was held out of the fit, ",
                                two_decimals(lead.fit.error),
                                " of all runs. Where forms differ, every prediction is a range over them."));
    }
    for (const MeasuredOptimum& o : f.measured_optima) {
        const char* const best = o.end == 0  ? "the best model has "
                                 : o.end > 0 ? "the largest network is best, so the best model has at least "
                                             : "the smallest network is best, so the best model has at most ";
        lines.push_back(text_of("With ", short_text(o.unique), " bytes to train on and to code, ", best,
                                range_text(o.parameters, short_text), " parameters; adjusted rate ",
                                range_text(o.adjusted, two_decimals), "."));
    }
    for (const LawOptimum& o : f.predictions) {
        if (o.bytes_per_parameter == f.shown_cost()) {
            const auto by_form = [](const FormRange& range, std::string (*shown)(double)) {
                return text_of(shown(range.low), " to ", shown(range.high));
            };
            lines.push_back(text_of(
                "Prediction for ", short_text(o.coded), " bytes at ", cost_text(o.bytes_per_parameter), ": ",
                by_form(o.parameters_by_form, short_text), " parameters, ",
                by_form(o.bits_by_form, [](double v) { return fixed_text(v, 3); }),
                " bits per byte raw, adjusted rate ", by_form(o.adjusted_by_form, two_decimals),
                " over the forms; by the one that predicts best ", range_text(o.parameters, short_text), ", ",
                fixed_text(o.bits, 3), " and ", range_text(o.adjusted, two_decimals), "."));
        }
    }
    if (!f.best.empty()) {
        std::string corner;
        for (const double amount : f.amounts()) {
            corner += text_of(corner.empty() ? "" : ", ", short_text(f.best_of(amount).back().parameters),
                              " parameters on ", short_text(amount));
        }
        lines.push_back("The measured corner: up to " + corner + " bytes.");
    }
    for (const std::string& doubt : f.doubts) {
        lines.push_back("Doubt about the law: " + doubt + ".");
    }
    if (!f.has_law()) {
        lines.push_back("No law was fitted: " + f.no_law + ".");
    }
    return lines;
}

std::string list_html(const std::vector<std::string>& items) {
    std::string html = "<ul>\n";
    for (const std::string& item : items) {
        html += "<li>" + escaped(item) + "</li>\n";
    }
    return html + "</ul>\n";
}

// "2M": bytes that the rows were measured on, which are fewer than the config's where the data are shorter.
std::string measured_bytes(const StudyFindings& f) {
    std::set<std::uint64_t> amounts;
    for (const StudyResult& r : f.results) {
        if (r.is_done()) {
            amounts.insert(f.second_half ? r.report_bytes : r.held_out_bytes);
        }
    }
    if (amounts.empty()) {
        amounts.insert(f.plan.config.held_out_bytes);
    }
    const std::string least = short_text(static_cast<double>(*amounts.begin()));
    return amounts.size() == 1 ? least : least + " to " + short_text(static_cast<double>(*amounts.rbegin()));
}

// What is there, what is missing, and what was set aside.
std::vector<std::string> account(const StudyFindings& f) {
    const StudyConfig& c = f.plan.config;
    std::vector<std::string> lines{
        text_of("Trained on ", c.data, ", measured on ", measured_bytes(f), " bytes of the ",
                f.second_half ? "second half of " : "first half of ", c.held_out,
                ", which no run was trained on; ",
                f.second_half
                    ? "passes and runs that are not fitted were chosen on the first half."
                    : "the rows have no measurement of the second half, so passes are chosen on what is "
                      "reported."),
        text_of(f.results.size(), " of ", f.plan.runs(), " runs have ended; ", f.missing,
                " are still to be run.")};
    if (f.other_rows > 0) {
        lines.push_back(
            text_of(f.other_rows, f.other_rows == 1 ? " row" : " rows", " of other plans left out."));
    }
    if (!f.diverged.empty()) {
        std::string names;
        for (const StudyResult& r : f.diverged) {
            names += (names.empty() ? "" : ", ") + r.run;
        }
        lines.push_back(text_of(f.diverged.size(), " runs diverged: ", names, "."));
    }
    if (!f.past_best.empty()) {
        std::string names;
        for (const StudyResult& r : f.past_best) {
            names += (names.empty() ? "" : ", ") + r.run;
        }
        lines.push_back(text_of(
            f.past_best.size(),
            " runs read their bytes too often: with fewer passes the same network had a lower rate. They "
            "are in the table of all runs, but not fitted: ",
            names, "."));
    }
    for (const LeftOut& left : f.plan.left_out) {
        lines.push_back(text_of("Left out by the config: ", left.id, ", ", left.reason, "."));
    }
    if (c.contexts.size() > 1) {
        lines.push_back(text_of("Fits and pictures are of the context of ", c.contexts.front(),
                                " bytes; the other contexts are in the table of all runs."));
    }
    if (!f.no_classical.empty()) {
        lines.push_back(text_of("Classical compressors were not measured: ", f.no_classical, "."));
    }
    return lines;
}

std::string method_html(const StudyFindings& f) {
    const StudyConfig& c = f.plan.config;
    const std::vector<std::string> lines{
        "Networks: " + study_network_rule(c) + ".",
        text_of("Schedule: warm-up over ", percent_text(c.warmup, 1),
                " of the steps, a constant rate, then a linear fall to zero over the last ",
                percent_text(c.cooldown, 0),
                ". Runs that read the same data share their beginning: one training at the constant rate, "
                "from which each "
                "branches off with a fall of its own. A branch has the same bits as a run of its own with "
                "the same warm-up."),
        text_of(
            "Batch: ", c.batch_bytes, " bytes a step at 10^7 bytes trained on, growing with power ",
            fixed_text(c.batch_power, 3),
            " of them, rounded to a power of two. Learning rate of embeddings, output and gains (AdamW): ",
            c.learning_rate > 0
                ? text_of(c.learning_rate, " at width 64, with power ", c.rate_width_power, " of the width")
                : "the trainer's default for the width and the bytes trained on",
            ", times (batch / 4096)^", c.rate_batch_power, ", times (bytes / 10^7)^", c.rate_bytes_power,
            ". Hidden matrices (Muon, momentum ", TrainOptions{}.momentum,
            "): the trainer's default times the former rate's ratio to its default. Weight decay ",
            c.weight_decay,
            " of both on matrices. For batch, rates and warm-up the bytes trained on are "
            "those of the longest run that the config asks for with the same data, so that seeds agree."),
        "Rates: bits per byte of the held-out bytes as an archive would hold them, without the model, with "
        "one context "
        "running on. Adjusted: (archive + model as stored) / original bytes, S the bytes coded, D the bytes "
        "trained on.",
        "Operations: exact, a multiply-add counted as two, attention included, backward twice forward; "
        "nothing that is "
        "recomputed counts.",
        "Laws: several forms, each by least squares of relative residuals (Levenberg-Marquardt steps from "
        "the "
        "additive law's fit by variable projection, Golub and Pereyra 1973, and from starts moved at "
        "random). "
        "Cross-check: Huber loss (delta = 0.001) on log residuals (Hoffmann et al. 2022). They are ranked by "
        "how well they predict the largest size, the most bytes and the costliest tenth of the runs from the "
        "others. Bytes read repeatedly count as D' = U + U R* (1 - exp(-(D / U - 1) / R*)) (Muennighoff et "
        "al. "
        "2023).",
        "Best sizes: a smooth line (a spline without waves) through the bits over log N, and the model's "
        "bytes added exactly; intervals from rates that scatter as repeated seeds do.",
        text_of(
            "Intervals: 5 % and 95 % quantiles over ", c.bootstrap,
            " studies: the law plus its residuals, scaled by their leverage, where a coin for each size and "
            "amount of data decides whether those of its runs change their sign. So what the law misses "
            "there widens them; that it may be wrong beyond the runs does not."),
        "Profiles: for equal operations, each size's rate between its two nearest runs; a smooth line over "
        "log N "
        "through the sizes."};
    return list_html(lines);
}

constexpr const char* kStyle = R"(
body { font: 16px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: #222; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; margin-top: 2.2rem; border-bottom: 1px solid #ddd; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.3rem; }
figure { margin: 1.2rem 0; } figure svg { width: 100%; height: auto; }
figcaption, .note { color: #555; font-size: 0.88rem; margin: 0.3rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.82rem; }
th, td { text-align: right; padding: 0.15rem 0.6rem; border-bottom: 1px solid #eee; white-space: nowrap; }
th { color: #555; font-weight: normal; border-bottom: 1px solid #999; } .left { text-align: left; }
)";

}  // namespace

std::string findings_json(const StudyFindings& f) {
    const auto reason = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    Json json{{"no_law", reason(f.no_law)},
              {"doubts", f.doubts},
              {"other_rows", f.other_rows},
              {"no_classical", reason(f.no_classical)}};
    for (const Table& table : findings_tables(f)) {
        json[table.name] = table.json();
    }
    return json_file(json);
}

std::string report_html(const StudyFindings& f, const std::vector<StudyFigure>& figures,
                        const std::vector<std::string>& svg) {
    BITLAW_ASSERT(figures.size() == svg.size());
    const std::string title = escaped(f.plan.config.title);
    std::string html = text_of(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width\">\n<title>",
        title, "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>", title, "</h1>\n",
        list_html(headlines(f)), "<h2>Pictures</h2>\n");
    for (std::size_t i = 0; i < figures.size(); ++i) {
        html += text_of("<figure>\n", inline_svg(svg[i], figures[i].name), "<figcaption>",
                        escaped(figures[i].caption), "</figcaption>\n</figure>\n");
    }
    html += "<h2>Tables</h2>\n";
    const std::vector<Table> tables = findings_tables(f);
    for (const Table& table : tables) {
        html += table_html(table);
    }
    html += "<h2>Runs</h2>\n" + list_html(account(f)) + table_html(results_table(f));
    return html + "<h2>Method</h2>\n" + method_html(f) + "</body>\n</html>\n";
}

std::filesystem::path write_report(const StudyFindings& findings) {
    const std::filesystem::path& folder = findings.plan.config.folder;
    write_tables(findings_tables(findings), folder / "fit");
    const std::vector<StudyFigure> figures = findings_figures(findings);
    std::vector<std::string> svg;
    for (const std::filesystem::path& path : draw_figures(figures, folder / "plots")) {
        const Bytes bytes = read_file(path, kMostPictureBytes);
        svg.emplace_back(bytes.begin(), bytes.end());
    }
    const std::string html = report_html(findings, figures, svg);
    const std::filesystem::path path = findings.plan.report();
    write_file(path, html);
    return path;
}

}  // namespace bitlaw::studies
