#include <array>
#include <charconv>
#include <string>

#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
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
    fail_usage("study: '", word, "' is not known; choose plan, run, fit, plot or report");
}

}  // namespace

void add_study(CLI::App& app, StudyArguments& a) {
    app.add_option_function<std::string>(
           "action", [&a](const std::string& word) { a.action = action_of(word); },
           "plan: the runs, what they cost and how long they take; run: train and measure what is not done "
           "yet; fit: "
           "the laws as tables, also to FOLDER/fit; plot: pictures to FOLDER/plots; report: all of it in "
           "FOLDER/report.html")
        ->type_name("plan|run|fit|plot|report")
        ->required();
    app.add_option_function<std::string>(
           "config",
           [&a](const std::string& word) {
               a.config = word;
               // A word that ends in ] is guarded by a control character against CLI11's lists.
               if (!a.config.empty() && a.config.back() == '\x01') {
                   a.config.pop_back();
               }
           },
           "the study's config; experiments/03-scaling/README.md explains its keys")
        ->type_name("CONFIG")
        ->required();
    app.add_option_function<std::string>(
           "-j,--jobs",
           [&a](const std::string& word) {
               a.jobs = parse_size(word, "--jobs");
               if (a.jobs < 1 || a.jobs > kMostThreads) {
                   fail_usage("--jobs: ", word, " is out of range; it must lie in 1 .. ", kMostThreads);
               }
           },
           "runs trained at once; each gets an equal share of the threads")
        ->type_name("N")
        ->default_str("1");
    app.add_flag("--costly-first", a.costly_first,
                 "the most expensive runs first: jobs end together, but late");
    app.add_option_function<std::string>(
           "--calibrate",
           [&a](const std::string& word) {
               const char* const end = word.data() + word.size();
               const auto result = std::from_chars(word.data(), end, a.calibrate_seconds);
               if (result.ec != std::errc{} || result.ptr != end ||
                   !(a.calibrate_seconds >= 0 && a.calibrate_seconds <= 3600)) {
                   fail_usage("--calibrate: '", word, "' must be a number of seconds in 0 .. 3600");
               }
           },
           "plan: seconds of measuring this machine's speed; 0: no times")
        ->type_name("SECONDS")
        ->default_str("20");
}

}  // namespace bitlaw::cli
