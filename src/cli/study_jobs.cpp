#include "study_jobs.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/model/places.hpp"
#include "bitlaw/studies/study_check.hpp"
#include "bitlaw/studies/study_jobs.hpp"
#include "bitlaw/studies/study_status.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace format;
using namespace studies;

namespace {

namespace fs = std::filesystem;

JobCommand job_command(const StudyArguments& a) {
    const fs::path program = model::own_binary();
    if (program.empty()) {
        fail("the system does not say which file this program is, so no job can start it; mount /proc");
    }
    const char* const data = std::getenv("BITLAW_DATA");
    return {.program = program,
            .config = fs::absolute(a.config),
            .folder = fs::current_path(),
            .data_folders = data == nullptr ? "" : data,
            .threads = a.common.threads};
}

Cell share_done(const TrunkProgress& trunk) {
    const bool is_told = trunk.state != TrunkState::done && trunk.status && trunk.status->total > 0;
    return is_told
               ? share_cell(
                     static_cast<double>(trunk.status->done) / static_cast<double>(trunk.status->total), 1)
               : nothing_cell();
}

Cell time_cell(double seconds) { return seconds > 0 ? number_cell(seconds / 3600.0, 2) : nothing_cell(); }

Table status_table(const StudyProgress& progress) {
    Table table{.columns = {{"trunk", "trunk", true},
                            {"state", "state", true},
                            {"runs", "runs"},
                            {"ended", "ended"},
                            {"run", "at the run", true},
                            {"share", "done"},
                            {"bytes_per_second", "bytes/s"},
                            {"hours_left", "hours left"},
                            {"host", "host", true},
                            {"text", "says", true}}};
    for (const TrunkProgress& trunk : progress.trunks) {
        const bool is_running = trunk.state == TrunkState::running;
        table.add(
            {text_cell(trunk.trunk), text_cell(state_name(trunk.state)), count_cell(trunk.runs),
             count_cell(trunk.ended_runs),
             trunk.status && trunk.state != TrunkState::done ? text_cell(trunk.status->run) : nothing_cell(),
             share_done(trunk),
             is_running ? count_cell(static_cast<std::uint64_t>(trunk.status->bytes_per_second))
                        : nothing_cell(),
             time_cell(trunk.seconds_left), is_running ? text_cell(trunk.status->host) : nothing_cell(),
             text_cell(trunk.text)});
    }
    return table;
}

std::uint64_t seconds_since_1970() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

// False when nothing is left that could change by itself.
bool print_status(const StudyArguments& a, const StudyPlan& plan) {
    const StudyProgress progress = study_progress(plan, seconds_since_1970());
    print_table(status_table(progress), a.common,
                {{"done", std::uint64_t{progress.done}},
                 {"running", std::uint64_t{progress.running}},
                 {"waiting", std::uint64_t{progress.waiting}},
                 {"failed", std::uint64_t{progress.failed}},
                 {"bytes_per_second", progress.bytes_per_second},
                 {"hours_left", progress.seconds_left / 3600.0}});
    if (!a.common.json) {
        std::string line =
            text_of("\n", progress.trunks.size(), " trunks: ", progress.done, " done, ", progress.running,
                    " running, ", progress.waiting, " waiting, ", progress.failed, " failed");
        if (progress.running > 0) {
            line +=
                text_of("; ", with_commas(static_cast<std::uint64_t>(progress.bytes_per_second)), " bytes/s");
        }
        if (progress.seconds_left > 0) {
            line += text_of(", ", number_cell(progress.seconds_left / 3600.0, 2).shown,
                            " hours left at this speed");
        }
        print(line + "\n");
    }
    return progress.running + progress.waiting > 0;
}

}  // namespace

int submit_to_slurm(const StudyArguments& a, StudyPlan plan) {
    prepare_study(plan, {resolve_data(plan.config.data), resolve_data(plan.config.held_out)});
    const SubmitSummary summary = submit_study(plan, job_command(a), stop_requested());
    if (a.common.quiet == 0) {
        std::string jobs;
        for (const std::string& job : summary.jobs) {
            jobs += (jobs.empty() ? " as job " : ", ") + job;
        }
        note(text_of(summary.submitted, " trunks submitted", jobs, ", ", summary.active,
                     " in Slurm already, ", summary.done, " done; 'bitlaw study status ", a.config,
                     "' shows how far they are"));
        if (summary.done == plan.trunks.size()) {
            note(text_of("all runs have ended: ", join_results(plan), " rows added to ",
                         plan.results().string()));
        }
    }
    return 0;
}

int print_trunk_commands(const StudyArguments& a, const StudyPlan& plan) {
    std::set<std::string> ended;
    for (const StudyResult& result : read_all_results(plan)) {
        ended.insert(result.run);
    }
    const JobCommand command = job_command(a);
    std::string text;
    for (const StudyTrunk& trunk : plan.trunks) {
        const bool is_done = std::all_of(trunk.runs.begin(), trunk.runs.end(),
                                         [&](const StudyRun& run) { return ended.contains(run.id); });
        text += is_done ? "" : trunk_command(command, trunk.id) + " -q\n";
    }
    print(text);
    return 0;
}

int show_status(const StudyArguments& a, const StudyPlan& plan) {
    constexpr int kIntervals = 50;  // of a tenth of a second
    while (print_status(a, plan) && a.watch && !stop_requested()) {
        for (int i = 0; i < kIntervals && !stop_requested(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        if (is_terminal(STDOUT_FILENO)) {
            print("\033[H\033[2J");  // from the top of an empty screen
        }
    }
    return 0;
}

}  // namespace bitlaw::cli
