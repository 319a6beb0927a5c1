#include "bitlaw/studies/study_jobs.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/baselines/program.hpp"

namespace bitlaw::studies {

using namespace baselines;

namespace {

namespace fs = std::filesystem;

constexpr const char* kTrunksSuffix = ".trunks";
constexpr std::uint64_t kMaxListBytes = 1 << 22;
// Slurm's default MaxArraySize is 1001, the first index it refuses.
constexpr std::size_t kMaxTasks = 1000;
// Between a stop request and the end that Slurm sets: a state is saved in seconds, behind a step that may
// take as long.
constexpr int kGraceSeconds = 90;

std::string hash_text(const std::string& text) {
    return hex64(hash64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

std::string serial_text(std::size_t number) {
    const std::string digits = std::to_string(number);
    return std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

// What a program said, and how it ended.
struct Said {
    int exit_code;
    std::string out;
    std::string err;
};

Said run_and_read(const std::string& command, const std::atomic<bool>& stop) {
    const ScratchFolder folder;
    const fs::path out = folder.path() / "out";
    const fs::path err = folder.path() / "err";
    const ProgramRun run = run_program(
        text_of("{ ", command, "; } >", shell_word(out.string()), " 2>", shell_word(err.string())), [&] {
            if (stop) {
                throw Stopped("stopped while Slurm was asked; nothing was submitted");
            }
        });
    return {run.exit_code, read_text(out, kMaxListBytes), read_text(err, kMaxListBytes)};
}

// The last line that says something, without the program's name.
std::string last_line(const std::string& text) {
    std::string last;
    for (const std::string& line : lines_of(text)) {
        last = line.empty() ? last : line;
    }
    return last;
}

// States of tasks that neither wait nor run any more.
const std::set<std::string>& ended_states() {
    static const std::set<std::string> states{"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE",
                                              "FAILED",    "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
                                              "REVOKED",   "TIMEOUT"};
    return states;
}

// What Slurm knows of the study's tasks; it forgets those that ended some minutes ago.
struct KnownTask {
    const Submission* submission;
    std::size_t task;
    std::string state;
};

std::vector<KnownTask> known_tasks(const StudyPlan& plan, const std::vector<Submission>& submissions,
                                   const std::atomic<bool>& stop) {
    const Said said = run_and_read("squeue --noheader --array --states=all --format='%j %K %T'", stop);
    if (said.exit_code != 0) {
        fail("squeue does not say what runs: ", last_line(said.err), "; nothing was submitted");
    }
    std::map<std::string, const Submission*> by_name;
    for (const Submission& submission : submissions) {
        by_name[job_name(plan, submission.serial)] = &submission;
    }
    std::vector<KnownTask> tasks;
    for (const std::string& line : lines_of(said.out)) {
        std::istringstream words(line);
        std::string name;
        std::size_t task = 0;
        std::string state;
        if (words >> name >> task >> state && by_name.contains(name) && task < by_name[name]->trunks.size()) {
            tasks.push_back({by_name[name], task, state});
        }
    }
    return tasks;
}

// A task that failed without a log could not write it.
void require_logs(const StudyPlan& plan, const std::vector<KnownTask>& tasks) {
    for (const KnownTask& known : tasks) {
        const fs::path log = log_of(plan, *known.submission, known.task);
        std::error_code error;
        if (known.state == "FAILED" && !fs::exists(log, error)) {
            fail("task ", known.task, " of ", job_name(plan, known.submission->serial),
                 " failed and left no ", log.string(),
                 ": its node does not share that folder; name one that all nodes share");
        }
    }
}

// Makes the list of trunks under the next free serial, which only one process can.
Submission claim(const StudyPlan& plan, const std::vector<std::string>& trunks, std::size_t number) {
    std::string text;
    for (const std::string& trunk : trunks) {
        text += trunk + "\n";
    }
    for (;; ++number) {
        const Submission submission{serial_text(number), trunks};
        const fs::path list = plan.slurm() / (submission.serial + kTrunksSuffix);
        std::error_code error;
        if (!fs::exists(list, error)) {
            write_file(list, text, {.existing = Existing::refuse});
            return submission;
        }
    }
}

std::string submit(const StudyPlan& plan, const Submission& submission, const JobCommand& command,
                   const std::atomic<bool>& stop) {
    std::random_device random;
    const std::string token = hash_text(text_of(random(), ' ', random(), ' ', submission.serial));
    const fs::path base = plan.slurm() / submission.serial;
    const auto beside = [&](const char* suffix) { return fs::path(base.string() + suffix); };
    const auto withdraw = [&] {
        std::error_code ignored;
        for (const char* suffix : {kTrunksSuffix, ".token", ".sh"}) {
            fs::remove(beside(suffix), ignored);
        }
    };
    try {
        write_file(beside(".token"), token + "\n");
        write_file(beside(".sh"), job_script(plan, submission, command, token));
        const Said said =
            run_and_read("sbatch --parsable " + shell_word(fs::absolute(beside(".sh")).string()), stop);
        if (said.exit_code != 0) {
            fail("Slurm refused the job: ", last_line(said.err), "; change the slurm_ keys of ",
                 command.config.string());
        }
        return last_line(said.out).substr(0, last_line(said.out).find(';'));
    } catch (...) {
        withdraw();
        throw;
    }
}

}  // namespace

std::string trunk_command(const JobCommand& command, const std::string& trunk) {
    std::string text = "cd " + shell_word(command.folder.string()) + " && ";
    if (!command.data_folders.empty()) {
        text += "BITLAW_DATA=" + shell_word(command.data_folders) + " ";
    }
    text += shell_word(command.program.string()) + " study run " + shell_word(command.config.string()) +
            " --trunk " + shell_word(trunk);
    return text + (command.threads ? text_of(" -T ", *command.threads) : "");
}

std::vector<Submission> submissions_of(const StudyPlan& plan) {
    std::vector<Submission> all;
    std::error_code error;
    for (fs::directory_iterator it(plan.slurm(), error), end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == kTrunksSuffix) {
            all.push_back({it->path().stem().string(), lines_of(read_text(it->path(), kMaxListBytes))});
        }
    }
    std::sort(all.begin(), all.end(), [](const Submission& a, const Submission& b) {
        return std::pair(a.serial.size(), a.serial) < std::pair(b.serial.size(), b.serial);
    });
    return all;
}

fs::path log_of(const StudyPlan& plan, const Submission& submission, std::size_t task) {
    return plan.slurm() / text_of(submission.serial, '-', task, ".log");
}

std::string job_name(const StudyPlan& plan, const std::string& serial) {
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(plan.config.folder, error);
    return "bitlaw-" + hash_text((error ? plan.config.folder : folder).string()).substr(0, 8) + "-" + serial;
}

std::string job_script(const StudyPlan& plan, const Submission& submission, const JobCommand& command,
                       const std::string& token) {
    const SlurmSettings& slurm = plan.config.slurm;
    const fs::path folder = fs::absolute(plan.slurm());
    std::string text = "#!/bin/bash\n";
    const auto option = [&](const std::string& line) { text += "#SBATCH " + line + "\n"; };
    option("--job-name=" + job_name(plan, submission.serial));
    option(text_of("--array=0-", submission.trunks.size() - 1,
                   slurm.at_once > 0 ? text_of('%', slurm.at_once) : ""));
    option(text_of("--output=", folder.string(), '/', submission.serial, "-%a.log"));
    option("--open-mode=append");
    option("--requeue");
    option("--nodes=1");
    option("--ntasks=1");
    option(text_of("--signal=TERM@", kGraceSeconds));
    const std::array<std::pair<const char*, std::string>, 5> asked{
        {{"--partition=", slurm.partition},
         {"--account=", slurm.account},
         {"--time=", slurm.time},
         {"--mem=", slurm.memory},
         {"--cpus-per-task=", slurm.cores > 0 ? std::to_string(slurm.cores) : ""}}};
    for (const auto& [name, value] : asked) {
        if (!value.empty()) {
            option(name + value);
        }
    }
    for (const std::string& line : slurm.lines) {
        option(line);
    }
    const std::string base = shell_word((folder / submission.serial).string());
    text += text_of(
        "# Each task trains and measures one trunk of the study. The same job is made again by\n"
        "# bitlaw study run --slurm CONFIG; nothing here needs to be changed.\n"
        "base=",
        base,
        "\n"
        "if [[ $(cat \"$base.token\" 2>/dev/null) != ",
        token,
        " ]]; then\n"
        "    echo \"bitlaw: study: $(hostname) does not share ",
        "$(dirname \"$base\")",
        " with the machine that submitted the study;"
        " name a folder that all nodes share\" >&2\n"
        "    exit 1\n"
        "fi\n"
        "mapfile -t trunks <\"$base.trunks\"\n"
        "trunk=${trunks[SLURM_ARRAY_TASK_ID]}\n"
        "cd ",
        shell_word(command.folder.string()), " || exit 1\n");
    if (!command.data_folders.empty()) {
        text += "export BITLAW_DATA=" + shell_word(command.data_folders) + "\n";
    }
    text += text_of("srun --ntasks=1 ", shell_word(command.program.string()), " study run ",
                    shell_word(command.config.string()),
                    " --trunk \"$trunk\" -T \"${SLURM_CPUS_PER_TASK:-1}\" -q\n"
                    "code=$?\n"
                    "if ((code != 0 && code != 143)); then\n"
                    "    echo \"bitlaw: study: $trunk ended with exit code $code\" >&2\n"
                    "    # What a process that was killed could not say any more.\n"
                    "    sed -i 's/^state=.*/state=failed/' ",
                    shell_word((fs::absolute(plan.work())).string()),
                    "/\"$trunk\".status\n"
                    "fi\n"
                    "# Stopped by a signal with its state saved: it goes on when there is time again.\n"
                    "if ((code == 143)); then scontrol requeue \"$SLURM_JOB_ID\"; fi\n"
                    "exit $code\n");
    return text;
}

SubmitSummary submit_study(const StudyPlan& plan, const JobCommand& command, const std::atomic<bool>& stop) {
    if (run_and_read("command -v sbatch && command -v squeue", stop).exit_code != 0) {
        fail(
            "there is no Slurm here: sbatch and squeue were not found; submit where they are, or feed the "
            "lines of 'bitlaw study plan --commands' to another scheduler");
    }
    std::set<std::string> ended;
    for (const StudyResult& result : read_all_results(plan)) {
        ended.insert(result.run);
    }
    make_folder(plan.slurm());
    const std::vector<Submission> before = submissions_of(plan);
    const std::vector<KnownTask> tasks = known_tasks(plan, before, stop);
    require_logs(plan, tasks);
    std::set<std::string> active;
    for (const KnownTask& known : tasks) {
        if (!ended_states().contains(known.state)) {
            active.insert(known.submission->trunks[known.task]);
        }
    }
    SubmitSummary summary;
    std::vector<std::string> left;
    for (const StudyTrunk& trunk : plan.trunks) {
        const bool is_done = std::all_of(trunk.runs.begin(), trunk.runs.end(),
                                         [&](const StudyRun& run) { return ended.contains(run.id); });
        if (is_done) {
            ++summary.done;
        } else if (active.contains(trunk.id)) {
            ++summary.active;
        } else {
            left.push_back(trunk.id);
        }
    }
    for (std::size_t first = 0; first < left.size(); first += kMaxTasks) {
        const std::vector<std::string> part(
            left.begin() + static_cast<std::ptrdiff_t>(first),
            left.begin() + static_cast<std::ptrdiff_t>(std::min(first + kMaxTasks, left.size())));
        const Submission submission = claim(plan, part, before.size() + 1);
        summary.jobs.push_back(submit(plan, submission, command, stop));
        summary.submitted += part.size();
    }
    return summary;
}

}  // namespace bitlaw::studies
