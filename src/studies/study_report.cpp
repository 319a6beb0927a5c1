#include "bitlaw/studies/study_report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "explorer_data.hpp"
#include "report_chart.hpp"
#include "report_explorer.hpp"
#include "report_page.hpp"

namespace bitlaw::studies {

using namespace train;
using namespace laws;
using namespace format;

namespace {

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
    for (const MeasuredOptimum& o : f.measured_optima) {
        const RivalRate* best = nullptr;
        for (const RivalRate& rival : f.rivals) {
            best = rival.coded == o.unique && (best == nullptr || rival.rate < best->rate) ? &rival : best;
        }
        if (best != nullptr) {
            lines.push_back(text_of("On the first ", short_text(o.unique), " bytes ", best->name, " takes ",
                                    two_decimals(best->rate),
                                    " without any model; the best network of the study ",
                                    two_decimals(o.adjusted.value), " with its own."));
        }
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
        f.seen_share
            ? text_of(percent_text(*f.seen_share),
                      " of the held-out bytes were seen: that share of their windows of 64 bytes stands in ",
                      c.data, " too.")
            : std::string(
                  "What share of the held-out bytes was seen is unknown, since the data are not here."),
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

std::vector<std::string> method(const StudyFindings& f) {
    const StudyConfig& c = f.plan.config;
    return {
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
}

Json exact_findings(const StudyFindings& f) {
    const auto reason = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    Json json{{"no_law", reason(f.no_law)},
              {"doubts", f.doubts},
              {"other_rows", f.other_rows},
              {"no_classical", reason(f.no_classical)}};
    for (const Table& table : findings_tables(f)) {
        json[table.name] = table.json();
    }
    return json;
}

// A table as the page shows it.
Json shown_table(const Table& table) {
    Json json{
        {"title", table.title}, {"note", table.note}, {"columns", Json::array()}, {"rows", Json::array()}};
    for (const Column& column : table.columns) {
        json["columns"].push_back({{"title", column.title}, {"left", column.left}});
    }
    for (const auto& row : table.rows) {
        Json cells = Json::array();
        for (const Cell& cell : row) {
            cells.push_back(cell.shown);
        }
        json["rows"].push_back(std::move(cells));
    }
    return json;
}

}  // namespace

std::string findings_json(const StudyFindings& f) { return json_file(exact_findings(f)); }

std::string findings_text(const StudyFindings& f) {
    std::string text = f.plan.config.title + "\n\n";
    const auto add_list = [&](const std::vector<std::string>& lines) {
        for (const std::string& line : lines) {
            text += "- " + line + "\n";
        }
        text += "\n";
    };
    const auto add_table = [&](const Table& table) {
        text += table.title + "\n" + table.note + "\n\n" + table.text() + "\n";
    };
    add_list(headlines(f));
    for (const Table& table : findings_tables(f)) {
        add_table(table);
    }
    add_list(account(f));
    add_table(results_table(f));
    add_list(method(f));
    return text;
}

std::string report_html(const StudyFindings& f, const std::vector<StudyFigure>& figures) {
    Json page{{"title", f.plan.config.title}, {"headlines", headlines(f)},
              {"pictures", Json::array()},    {"tables", Json::array()},
              {"account", account(f)},        {"runs", shown_table(results_table(f))},
              {"method", method(f)},          {"findings", exact_findings(f)},
              {"explorer", explorer_data(f)}};
    for (const StudyFigure& figure : figures) {
        page["pictures"].push_back(figure_data(figure));
    }
    for (const Table& table : findings_tables(f)) {
        page["tables"].push_back(shown_table(table));
    }
    return text_of(kPageBegin, kPageStyle, kPageBody, json_in_page(page), kChartScript, kExplorerScript,
                   kPageEnd);
}

std::filesystem::path write_report(const StudyFindings& findings) {
    const std::filesystem::path& folder = findings.plan.config.folder;
    write_tables(findings_tables(findings), folder / "fit");
    const std::vector<StudyFigure> figures = findings_figures(findings);
    draw_figures(figures, folder / "plots");
    write_file(folder / "findings.txt", findings_text(findings));
    const std::filesystem::path path = findings.plan.report();
    write_file(path, report_html(findings, figures));
    return path;
}

}  // namespace bitlaw::studies
