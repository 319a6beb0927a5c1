#include <array>
#include <string>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {
namespace {

struct Action {
    const char* name;
    StudyAction action;
};

constexpr std::array<Action, 6> kActions{{{"plan", StudyAction::plan},
                                          {"run", StudyAction::run},
                                          {"status", StudyAction::status},
                                          {"fit", StudyAction::fit},
                                          {"plot", StudyAction::plot},
                                          {"report", StudyAction::report}}};

StudyAction action_of(const std::string& word) {
    for (const Action& known : kActions) {
        if (word == known.name) {
            return known.action;
        }
    }
    fail_usage("'", word, "' is not known; choose plan, run, status, fit, plot or report");
}

}  // namespace

void add_study(FieldOptions& options, StudyArguments& a) {
    App& app = options.app();
    text_option(
        app, "action", [&a](const std::string& word) { a.action = action_of(word); }, "",
        "plan: the runs, what they cost and how long they take; run: train and measure what is not done yet; "
        "status: what is done, running, waiting or failed; "
        "fit: the laws as tables, also to FOLDER/fit; plot: pictures to FOLDER/plots; report: all of it in "
        "FOLDER/report.html")
        ->type_name("plan|run|status|fit|plot|report")
        ->required();
    name_option(
        app, "config", a.config, "CONFIG",
        "the study's config; experiments/03-scaling/README.md explains its keys; none with --results");
    name_option(app, "--results", a.results, "FILE",
                "fit: runs of any CSV file with a header instead of a study's; its columns are named by the "
                "options below");
    studies::RunColumns& columns = a.foreign.columns;
    name_option(app, "--size-column", columns.parameters, "NAME", "parameters N [parameters]");
    name_option(app, "--loss-column", columns.loss, "NAME",
                "loss, in bits, nats or whatever [held_out_bits_per_byte]");
    name_option(app, "--bytes-column", columns.bytes, "NAME",
                "bytes or tokens D trained on [trained_bytes]; without that column operations / (6 N)");
    name_option(app, "--unique-column", columns.unique, "NAME",
                "different ones among them [unique_bytes]; without that column all are different");
    name_option(app, "--flops-column", columns.flops, "NAME",
                "operations of training [training_flops]; without that column 6 N D");
    real_option(app, "--no-model", a.foreign.no_model, "loss of no model at all: log of the vocabulary", "8",
                {1e-6, 1e6});
    number_option(app, "--leave-out", a.foreign.leave_out, "runs of the highest losses that are not fitted",
                  "0");
    mix_option(
        app,
        [&a](std::optional<predict::ExpertSet> set) {
            a.mix = set;
            a.mix_is_given = true;
        },
        "measure archives that mix the network with experts, instead of the network alone; the same as the "
        "config's key mix");
    number_option(app, "-j,--jobs", a.jobs, "runs trained at once; each gets an equal share of the threads",
                  "1", {1, kMostThreads});
    app.add_flag("--costly-first", a.costly_first,
                 "the most expensive runs first: jobs end together, but late");
    real_option(app, "--calibrate", a.calibrate_seconds,
                "plan: seconds of measuring this machine's speed; 0: no times", "20", {0, 3600});
    app.add_flag("--commands", a.commands,
                 "plan: instead, a line of the shell for each trunk that has runs left, for any scheduler");
    name_option(app, "--trunk", a.trunk, "NAME",
                "run: only this trunk, rows in FOLDER/rows/NAME.csv, which every study command reads");
    app.add_flag(
        "--slurm", a.slurm,
        "run: submit what is left to Slurm, a task a trunk, as the config's slurm_ keys say; what is "
        "done, waits or runs is left alone");
    app.add_flag("--watch", a.watch, "status: every five seconds until nothing runs or waits");
    add_common(options, a.common, true);
}

}  // namespace bitlaw::cli
