#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/studies/foreign_runs.hpp"
#include "bitlaw/studies/prequential.hpp"
#include "bitlaw/studies/study_check.hpp"
#include "bitlaw/studies/study_figures.hpp"
#include "bitlaw/studies/study_fit.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/studies/study_report.hpp"
#include "bitlaw/studies/study_runner.hpp"
#include "bitlaw/studies/study_speed.hpp"
#include "bitlaw/studies/study_tables.hpp"
#include "bitlaw/train/corpus.hpp"
#include "board.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "study_jobs.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace format;
using namespace model;
using namespace studies;

namespace {

// A job's share of the threads, at least one.
void share_threads(std::size_t jobs) { set_thread_count(std::max<std::size_t>(thread_count() / jobs, 1)); }

// Warnings that stand before any work.
void tell_warnings(const StudyArguments& a, const StudyCheck& check) {
    for (const std::string& warning : check.warnings) {
        if (a.common.quiet < 2) {
            note(printable("bitlaw: study: warning: " + warning));
        }
    }
}

int plan_study(const StudyArguments& a, const StudyPlan& plan) {
    const StudyCheck check =
        check_study(plan, {resolve_data(plan.config.data), resolve_data(plan.config.held_out)});
    tell_warnings(a, check);
    for (const std::string& problem : check.problems) {
        if (a.common.quiet < 2) {
            note(printable("bitlaw: study: it cannot be run: " + problem));
        }
    }
    share_threads(a.jobs);
    std::vector<NetworkSpeed> speeds;
    if (a.calibrate_seconds > 0) {
        if (a.common.quiet == 0) {
            note(text_of("measuring the speed for ", a.calibrate_seconds, " s"));
        }
        speeds = measure_speeds(plan, a.calibrate_seconds, a.jobs, stop_requested());
    }
    Table table{.columns = {{"run", "run", true},
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
                            {"hours", "hours"}}};
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
                       size_cell(run.flops), size_cell(run.spent_flops),
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
                {{"title", plan.config.title},
                 {"runs", plan.runs()},
                 {"spent_flops", plan.spent_flops()},
                 {"problems", check.problems},
                 {"warnings", check.warnings},
                 {"hours", speeds.empty() ? Exact() : Exact(hours)}});
    if (!a.common.json) {
        std::string text;
        for (const LeftOut& left : plan.left_out) {
            text += text_of("left out: ", left.id, ", ", left.reason, "\n");
        }
        text += text_of(
            "\n",
            plan.config.prequential.empty()
                ? std::string()
                : text_of(prequential_runs(plan.config).size(), " runs that learn what they code, besides\n"),
            plan.runs(), " runs in ", plan.trunks.size(), " trunks, ", short_text(plan.spent_flops()),
            " operations (spent: what a run costs after those that it shares its beginning with)");
        if (!speeds.empty()) {
            text += text_of("; ", fmt::format("{:.2f}", hours), " hours with ", a.jobs,
                            a.jobs == 1 ? " job of " : " jobs of ", thread_count(),
                            thread_count() == 1 ? " thread" : " threads", ", held-out measurements included");
        }
        print(text + "\n");
    }
    return check.problems.empty() ? kDone : kFailed;
}

std::string ended_line(const StudyResult& r) {
    if (!r.is_done()) {
        return fmt::format("{}: diverged, {:.1f} s", r.run, r.seconds);
    }
    return fmt::format(
        "{}: {:.4f} bits/byte held out (second half {:.4f}), {:.4f} in training, {} parameters, {} bytes, "
        "{:.1f} s",
        r.run, r.bits_per_byte, r.report_bits_per_byte, r.training_bits_per_byte, with_commas(r.parameters),
        with_commas(r.trained_bytes), r.seconds);
}

std::size_t measure_precision(const StudyArguments& a, StudyPlan plan, const StudyRunOptions& options,
                              const PrecisionWatch& watch) {
    if (plan.config.bits.empty()) {
        return 0;
    }
    add_recipes(plan, {options.data, options.held_out});
    const train::Corpus data({options.data});
    const train::Corpus held_out({options.held_out});
    return run_precision(plan, data.bytes(0), held_out.bytes(0), a.trunk, watch);
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
    if (const StudyCheck check = check_study(plan, {options.data, options.held_out});
        check.problems.empty()) {
        tell_warnings(a, check);
    }
    options.command = a.common.command_line;
    options.trunk = a.trunk;
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
    const std::size_t learned =
        run_prequential(plan.config, train::Corpus({options.data}).bytes(0),
                        [&](const std::string& run, std::uint64_t done, std::uint64_t total, double bits) {
                            throw_if_stopped("the run that was learning begins anew with the same command");
                            if (begun[0].first != run) {
                                begun[0] = {run, 0};
                                clocks.insert_or_assign(0, Progress(total));
                            }
                            board.set(0, run + clocks.at(0).line(done, bits, 0.0));
                        });
    const std::size_t rounded = measure_precision(a, plan, options, [&](const std::string& run, double bits) {
        throw_if_stopped("the same command goes on from there");
        board.set(0, text_of(run, " at ", bits, " bits a weight"));
    });
    board.remove(0);
    if (speaks) {
        if (rounded > 0) {
            note(text_of("quantised: ", rounded, rounded == 1 ? " row; " : " rows; ",
                         precision_results(plan).string()));
        }
        if (learned > 0) {
            note(text_of("learned as coded: ", learned, learned == 1 ? " run; " : " runs; ",
                         prequential_results(plan.config).string()));
        }
        note(text_of(
            "done: ", summary.done, " runs now, ", summary.before, " before, ", summary.diverged, " diverged",
            summary.elsewhere > 0 ? text_of("; ", summary.elsewhere, " are left to another process") : "",
            "; ", (a.trunk.empty() ? plan.results() : plan.rows() / (a.trunk + ".csv")).string()));
    }
    return kDone;
}

int fit_study(const StudyArguments& a, const StudyFindings& findings) {
    const std::vector<Table> tables = findings_tables(findings);
    const std::filesystem::path folder = findings.plan.config.folder / "fit";
    write_tables(tables, folder);
    if (a.common.json) {
        print(findings_json(findings));
        return kDone;
    }
    std::string text;
    for (const Table& table : tables) {
        if (table.name != "residuals" || a.common.verbose) {
            text += text_of(table.title, "\n", table.note, "\n\n", table.text(), "\n");
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
        if (!findings.precision.no_law.empty()) {
            note("no law with precision: " + findings.precision.no_law);
        }
        if (!findings.no_classical.empty()) {
            note("no classical compressors: " + findings.no_classical);
        }
        note(text_of(tables.size(), " tables as CSV in ", folder.string()));
    }
    return kDone;
}

int fit_foreign_runs(const StudyArguments& a) {
    const ForeignFit fit = fit_foreign(a.results, a.foreign);
    const std::vector<Table> tables = foreign_tables(fit);
    if (a.common.json) {
        Json json{{"runs", fit.runs.size()}, {"left_out", fit.left_out}, {"doubts", fit.doubts}};
        for (const Table& table : tables) {
            json[table.name] = table.json();
        }
        print(json_file(json));
        return kDone;
    }
    std::string text;
    for (const Table& table : tables) {
        text += text_of(table.title, "\n", table.note, "\n\n", table.text(), "\n");
    }
    print(text);
    if (a.common.quiet == 0) {
        note(text_of(fit.read, " runs, ", fit.left_out, " of the highest losses left out"));
        for (const std::string& doubt : fit.doubts) {
            note("doubt about the law: " + doubt);
        }
    }
    return kDone;
}

// Options that another action has.
void require_fitting(const StudyArguments& a) {
    const auto require = [&](bool given, const char* option, StudyAction action, const char* name) {
        if (given && a.action != action) {
            fail_usage(option, " goes with 'study ", name, "' only");
        }
    };
    require(a.commands, "--commands", StudyAction::plan, "plan");
    require(!a.trunk.empty(), "--trunk", StudyAction::run, "run");
    require(a.slurm, "--slurm", StudyAction::run, "run");
    require(a.watch, "--watch", StudyAction::status, "status");
    if (a.slurm && !a.trunk.empty()) {
        fail_usage("--slurm submits all trunks that are left; leave --trunk out");
    }
}

}  // namespace

int run_study_command(const StudyArguments& a) {
    require_fitting(a);
    if (!a.results.empty()) {
        if (a.action != StudyAction::fit || !a.config.empty()) {
            fail_usage("--results goes with 'study fit' and no config: bitlaw study fit --results FILE.csv");
        }
        const EndsAtOnce ends_at_once;
        return fit_foreign_runs(a);
    }
    if (a.config.empty()) {
        fail_usage("CONFIG is missing; see 'bitlaw study --help'");
    }
    StudyConfig config = read_study_config(a.config);
    if (a.mix_is_given) {
        config.mix = a.mix;
    }
    StudyPlan plan = make_study_plan(config);
    if (a.action == StudyAction::plan) {
        return a.commands ? print_trunk_commands(a, plan) : plan_study(a, plan);
    }
    if (a.action == StudyAction::run) {
        return a.slurm ? submit_to_slurm(a, std::move(plan)) : run_all(a, plan);
    }
    if (a.action == StudyAction::status) {
        return show_status(a, plan);
    }
    std::optional<EndsAtOnce> ends_at_once(std::in_place);
    try {
        add_recipes(plan, {resolve_data(plan.config.data), resolve_data(plan.config.held_out)});
    } catch (const Error& error) {  // rows can be fitted where the data are not
        if (a.common.quiet == 0) {
            note(text_of("whether the rows are of this config is not checked: ", error.what()));
        }
    }
    const StudyFindings findings =
        study_findings(plan, resolve_data(plan.config.held_out), resolve_data(plan.config.data));
    ends_at_once.reset();  // from here on files are written
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
