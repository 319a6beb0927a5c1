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

constexpr std::array<Action, 5> kActions{{{"plan", StudyAction::plan},
                                          {"run", StudyAction::run},
                                          {"fit", StudyAction::fit},
                                          {"plot", StudyAction::plot},
                                          {"report", StudyAction::report}}};

StudyAction action_of(const std::string& word) {
    for (const Action& known : kActions) {
        if (word == known.name) {
            return known.action;
        }
    }
    fail_usage("'", word, "' is not known; choose plan, run, fit, plot or report");
}

}  // namespace

void add_study(FieldOptions& options, StudyArguments& a) {
    App& app = options.app();
    text_option(
        app, "action", [&a](const std::string& word) { a.action = action_of(word); }, "",
        "plan: the runs, what they cost and how long they take; run: train and measure what is not done yet; "
        "fit: the laws as tables, also to FOLDER/fit; plot: pictures to FOLDER/plots; report: all of it in "
        "FOLDER/report.html")
        ->type_name("plan|run|fit|plot|report")
        ->required();
    name_option(app, "config", a.config, "CONFIG",
                "the study's config; experiments/03-scaling/README.md explains its keys")
        ->required();
    number_option(app, "-j,--jobs", a.jobs, "runs trained at once; each gets an equal share of the threads",
                  "1", {1, kMostThreads});
    app.add_flag("--costly-first", a.costly_first,
                 "the most expensive runs first: jobs end together, but late");
    real_option(app, "--calibrate", a.calibrate_seconds,
                "plan: seconds of measuring this machine's speed; 0: no times", "20", {0, 3600});
    add_common(options, a.common, true);
}

}  // namespace bitlaw::cli
