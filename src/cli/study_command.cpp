#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/json.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/studies/study_figures.hpp"
#include "bitlaw/studies/study_findings.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/studies/study_report.hpp"
#include "bitlaw/studies/study_runner.hpp"
#include "bitlaw/studies/study_speed.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace studies;

namespace {

// Numbers that there are not, or that are not finite, are null.
std::string json_number(const std::string& exact) {
    return exact.empty() || exact.find("nan") != std::string::npos || exact.find("inf") != std::string::npos
               ? "null"
               : exact;
}

// Why something is missing, or null.
std::string json_reason(const std::string& reason) { return reason.empty() ? "null" : json_text(reason); }

Table shown_table(const StudyTable& table) {
    std::vector<Column> columns;
    for (const StudyColumn& column : table.columns) {
        columns.push_back({column.key, column.title, column.left});
    }
    Table shown(std::move(columns));
    for (const auto& row : table.rows) {
        std::vector<Cell> cells;
        for (std::size_t c = 0; c < row.size(); ++c) {
            cells.push_back(
                {row[c].shown, table.columns[c].left ? json_text(row[c].exact) : json_number(row[c].exact)});
        }
        shown.add(std::move(cells));
    }
    return shown;
}

// A job's share of the threads, at least one.
void share_threads(std::size_t jobs) { set_thread_count(std::max<std::size_t>(thread_count() / jobs, 1)); }

Cell scientific_cell(double value) {
    std::string json = number_cell(value, 0).json;
    return {short_text(value), std::move(json)};
}

int plan_study(const StudyArguments& a, const StudyPlan& plan) {
    share_threads(a.jobs);
    std::vector<NetworkSpeed> speeds;
    if (a.calibrate_seconds > 0) {
        if (a.common.quiet == 0) {
            note(text_of("measuring the speed for ", a.calibrate_seconds, " s"));
        }
        speeds = measure_speeds(plan, a.calibrate_seconds, a.jobs, stop_requested());
    }
    Table table({{"run", "run", true},
                 {"parameters", "parameters"},
                 {"parameters_without_embeddings", "w/o embeddings"},
                 {"width", "width"},
                 {"layers", "layers"},
                 {"unique_bytes", "unique bytes"},
                 {"trained_bytes", "bytes trained on"},
                 {"batch_bytes", "batch"},
                 {"steps", "steps"},
                 {"learning_rate", "rate"},
                 {"matrix_learning_rate", "of matrices"},
                 {"training_flops", "operations"},
                 {"spent_flops", "spent"},
                 {"hours", "hours"}});
    double seconds = 0;
    for (const StudyTrunk& trunk : plan.trunks) {
        for (const StudyRun& run : trunk.runs) {
            const double run_time = speeds.empty() ? 0.0 : run_seconds(plan, trunk, run, speeds);
            seconds += run_time;
            table.add({text_cell(run.id), count_cell(parameter_count(trunk.config)),
                       count_cell(multiplied_parameter_count(trunk.config)), count_cell(trunk.config.width),
                       count_cell(trunk.config.layers), count_cell(run.unique), count_cell(run.bytes),
                       count_cell(trunk.batch_bytes), count_cell(run.steps),
                       number_cell(trunk.learning_rate, 5), number_cell(trunk.matrix_learning_rate, 5),
                       scientific_cell(run.flops), scientific_cell(run.spent_flops),
                       speeds.empty() ? nothing_cell() : number_cell(run_time / 3600.0, 3)});
        }
    }
    // A study cannot end before its longest trunk.
    double longest = 0;
    for (const StudyTrunk& trunk : plan.trunks) {
        double trunk_time = 0;
        for (const StudyRun& run : trunk.runs) {
            trunk_time += speeds.empty() ? 0.0 : run_seconds(plan, trunk, run, speeds);
        }
        longest = std::max(longest, trunk_time);
    }
    const double hours = std::max(seconds / static_cast<double>(a.jobs), longest) / 3600.0;
    if (!a.common.json) {
        print(text_of("study     ", plan.config.title, "\nsizes     ", study_network_rule(plan.config),
                      "\nresults   ", plan.results().string(), "\n\n"));
    }
    print_table(table, a.common,
                {{"title", text_cell(plan.config.title)},
                 {"runs", count_cell(plan.runs())},
                 {"spent_flops", scientific_cell(plan.spent_flops())},
                 {"hours", speeds.empty() ? nothing_cell() : number_cell(hours, 3)}});
    if (!a.common.json) {
        std::string text;
        for (const LeftOut& left : plan.left_out) {
            text += text_of("left out: ", left.id, ", ", left.reason, "\n");
        }
        text += text_of(
            "\n", plan.runs(), " runs in ", plan.trunks.size(), " trunks, ", short_text(plan.spent_flops()),
            " operations (spent: what a run costs after those that it shares its beginning with)");
        if (!speeds.empty()) {
            text += text_of("; ", number_cell(hours, 2).shown, " hours with ", a.jobs,
                            a.jobs == 1 ? " job of " : " jobs of ", thread_count(),
                            thread_count() == 1 ? " thread" : " threads", ", held-out measurements included");
        }
        print(text + "\n");
    }
    return kDone;
}

// One line for each worker at the foot of the terminal, rewritten in place; ended runs scroll away above.
class Board {
   public:
    explicit Board(bool wanted) : active_(wanted && is_terminal(STDERR_FILENO)), due_(0) {}
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    ~Board() { erase(); }

    void set(std::size_t worker, const std::string& line) {
        lines_[worker] = line;
        if (active_ && due_.due()) {
            erase();
            std::string text;
            for (const auto& [number, shown] : lines_) {
                // Longer lines would wrap, and the cursor could not find its way back.
                text += shown.substr(0, kMostColumns) + "\n";
            }
            drawn_ = lines_.size();
            std::cerr << text << std::flush;
        }
    }
    void remove(std::size_t worker) {
        erase();
        lines_.erase(worker);
    }

   private:
    static constexpr std::size_t kMostColumns = 79;
    void erase() {
        for (; drawn_ > 0; --drawn_) {
            std::cerr << "\033[A\033[2K";
        }
        std::cerr << std::flush;
    }
    bool active_;
    Progress due_;
    std::map<std::size_t, std::string> lines_;
    std::size_t drawn_ = 0;
};

std::string ended_line(const StudyResult& r) {
    if (!r.is_done()) {
        return text_of(r.run, ": diverged, ", number_cell(r.seconds, 1).shown, " s");
    }
    return text_of(r.run, ": ", number_cell(r.bits_per_byte, 4).shown, " bits/byte held out (second half ",
                   number_cell(r.report_bits_per_byte, 4).shown, "), ",
                   number_cell(r.training_bits_per_byte, 4).shown, " in training, ",
                   with_commas(r.parameters), " parameters, ", with_commas(r.trained_bytes), " bytes, ",
                   number_cell(r.seconds, 1).shown, " s");
}

int run_all(const StudyArguments& a, const StudyPlan& plan) {
    share_threads(a.jobs);
    const bool speaks = a.common.quiet == 0;
    Board board(speaks);
    std::map<std::size_t, Progress> clocks;
    std::map<std::size_t, std::pair<std::string, std::uint64_t>> begun;  // run and kind, bytes done before
    StudyRunOptions options;
    options.data = resolve_data(plan.config.data);
    options.held_out = resolve_data(plan.config.held_out);
    options.jobs = a.jobs;
    options.costly_first = a.costly_first;
    options.command = a.common.command_line;
    options.on_event = [&](const StudyEvent& event) {
        if (event.kind == StudyEvent::Kind::ended || event.kind == StudyEvent::Kind::skipped) {
            board.remove(event.worker);
            if (speaks) {
                note(event.result != nullptr ? ended_line(*event.result)
                                             : event.run + ": another process is at it");
            }
            return;
        }
        const char* const what = event.kind == StudyEvent::Kind::training ? "" : " measuring";
        const std::string name = event.run + what;
        if (begun[event.worker].first != name) {
            begun[event.worker] = {name, event.done};
            clocks.insert_or_assign(event.worker, Progress(event.total - std::min(event.done, event.total)));
        }
        const std::uint64_t done = event.done - std::min(begun[event.worker].second, event.done);
        board.set(event.worker, name + clocks.at(event.worker).line(done, event.bits_per_byte, event.gflops));
    };
    const StudyRunSummary summary = run_study(plan, options, stop_requested());
    if (speaks) {
        note(text_of(
            "done: ", summary.done, " runs now, ", summary.before, " before, ", summary.diverged, " diverged",
            summary.elsewhere > 0 ? text_of("; ", summary.elsewhere, " are left to another process") : "",
            "; ", plan.results().string()));
    }
    return kDone;
}

int fit_study(const StudyArguments& a, const StudyFindings& findings) {
    const std::vector<StudyTable> tables = findings_tables(findings);
    const std::filesystem::path folder = findings.plan.config.folder / "fit";
    write_tables(tables, folder);
    std::string text;
    if (a.common.json) {
        std::string doubts;
        for (const std::string& doubt : findings.doubts) {
            doubts += (doubts.empty() ? "" : ", ") + json_text(doubt);
        }
        text = text_of("{\"no_law\": ", json_reason(findings.no_law), ",\n \"doubts\": [", doubts,
                       "],\n \"other_rows\": ", findings.other_rows,
                       ",\n \"no_classical\": ", json_reason(findings.no_classical));
        for (const StudyTable& table : tables) {
            text += text_of(",\n ", json_text(table.name), ": ", shown_table(table).json());
        }
        print(text + "}\n");
        return kDone;
    }
    for (const StudyTable& table : tables) {
        if (table.name != "residuals" || a.common.verbose) {
            text += text_of(table.title, "\n", table.note, "\n\n", shown_table(table).text(), "\n");
        }
    }
    print(text);
    if (a.common.quiet == 0) {
        if (!findings.has_law()) {
            note("no law: " + findings.no_law);
        }
        for (const std::string& doubt : findings.doubts) {
            note("doubt about the law: " + doubt);
        }
        if (findings.other_rows > 0) {
            note(text_of(findings.other_rows, findings.other_rows == 1 ? " row" : " rows",
                         " of other plans left out"));
        }
        if (!findings.no_classical.empty()) {
            note("no classical compressors: " + findings.no_classical);
        }
        note(text_of(tables.size(), " tables as CSV in ", folder.string()));
    }
    return kDone;
}

}  // namespace

int run_study_command(const StudyArguments& a) {
    StudyPlan plan = make_study_plan(read_study_config(a.config));
    if (a.action == StudyAction::plan) {
        return plan_study(a, plan);
    }
    if (a.action == StudyAction::run) {
        return run_all(a, plan);
    }
    try {
        add_recipes(plan, {resolve_data(plan.config.data), resolve_data(plan.config.held_out)});
    } catch (const Error& error) {  // rows can be fitted where the data are not
        if (a.common.quiet == 0) {
            note(text_of("whether the rows are of this config is not checked: ", error.what()));
        }
    }
    const StudyFindings findings = study_findings(plan, resolve_data(plan.config.held_out));
    if (a.action == StudyAction::fit) {
        return fit_study(a, findings);
    }
    if (a.action == StudyAction::plot) {
        const auto paths = draw_figures(findings_figures(findings), plan.config.folder / "plots");
        if (a.common.quiet == 0) {
            note(text_of(paths.size(), " pictures in ", (plan.config.folder / "plots").string()));
        }
        return kDone;
    }
    const std::filesystem::path report = write_report(findings);
    if (a.common.quiet == 0) {
        note("report: " + report.string());
    }
    return kDone;
}

}  // namespace bitlaw::cli
