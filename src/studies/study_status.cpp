#include "bitlaw/studies/study_status.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <fstream>
#include <set>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/studies/study_jobs.hpp"
#include "bitlaw/studies/study_results.hpp"

namespace bitlaw::studies {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kInterval{5};
constexpr std::uint64_t kMaxStatusBytes = 1 << 16;
constexpr std::size_t kMaxText = 4096;
// What is read of a log's end.
constexpr std::uint64_t kLogTail = 4096;

const Fields<TrunkStatus>& status_fields() {
    using S = TrunkStatus;
    static const Fields<S> fields{
        text_field(&S::state, {.name = "state"}),
        text_field(&S::run, {.name = "run"}),
        whole_field(&S::done, {}, {.name = "done"}),
        whole_field(&S::total, {}, {.name = "total"}),
        real_field(&S::bytes_per_second, {0, 1e30}, {.name = "bytes_per_second"}),
        text_field(&S::host, {.name = "host"}),
        whole_field(&S::time, {}, {.name = "time"}),
        text_field(&S::text, {.name = "text"}),
    };
    return fields;
}

fs::path status_path(const StudyPlan& plan, const std::string& trunk) {
    return plan.work() / (trunk + ".status");
}

std::uint64_t seconds_since_1970() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

// The last line of a log that is not empty, "" without one.
std::string last_line_of(const fs::path& path) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    if (error || !file) {
        return {};
    }
    file.seekg(static_cast<std::streamoff>(size > kLogTail ? size - kLogTail : 0));
    std::string last;
    for (std::string line; std::getline(file, line);) {
        last = line.empty() ? last : line;
    }
    return last;
}

// What the trunk's latest job said last.
std::string last_words(const StudyPlan& plan, const std::vector<Submission>& submissions,
                       const std::string& trunk) {
    for (auto it = submissions.rbegin(); it != submissions.rend(); ++it) {
        const auto found = std::find(it->trunks.begin(), it->trunks.end(), trunk);
        if (found != it->trunks.end()) {
            return last_line_of(log_of(plan, *it, static_cast<std::size_t>(found - it->trunks.begin())));
        }
    }
    return {};
}

// Operations that a trunk has left, and those of a byte of the run that it is at.
struct WorkLeft {
    double flops = 0;
    double byte_flops = 0;
};

WorkLeft work_left(const StudyTrunk& trunk, const std::set<std::string>& ended,
                   const std::optional<TrunkStatus>& status) {
    WorkLeft left;
    for (const StudyRun& run : trunk.runs) {
        if (ended.contains(run.id)) {
            continue;
        }
        left.flops += run.spent_flops;
        left.byte_flops = run.flops / static_cast<double>(run.bytes);
        if (status && status->run == run.id && status->total > 0) {
            // The run's own part is its end; what is measured comes behind it.
            const double share = static_cast<double>(status->done) / static_cast<double>(status->total);
            const double own_left = status->state == "training" ? (1.0 - share) * run.flops : 0.0;
            left.flops -= run.spent_flops - std::min(own_left, run.spent_flops);
        }
    }
    return left;
}

}  // namespace

std::optional<TrunkStatus> read_status(const fs::path& path) {
    try {
        std::error_code error;
        if (!fs::exists(path, error)) {
            return std::nullopt;
        }
        TrunkStatus status;
        std::set<std::string> given;
        read_settings(parse_settings(read_text(path, kMaxStatusBytes), path.string()), path.string(),
                      bound(status_fields(), status), given);
        return status;
    } catch (const Error&) {
        return std::nullopt;
    }
}

StatusFile::StatusFile(const StudyPlan& plan, const StudyTrunk& trunk) : path_(status_path(plan, trunk.id)) {
    status_.host = host_name();
}

void StatusFile::advance(const std::string& state, const std::string& run, std::uint64_t done,
                         std::uint64_t total) {
    const Clock::time_point now = Clock::now();
    const bool is_new = state != status_.state || run != status_.run;
    if (is_new) {
        begun_ = now;
        first_done_ = done;
    }
    status_.state = state;
    status_.run = run;
    status_.done = done;
    status_.total = total;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    status_.bytes_per_second =
        seconds > 0.0 && done > first_done_ ? static_cast<double>(done - first_done_) / seconds : 0.0;
    if (is_new || now - written_ >= kInterval) {
        write();
        written_ = now;
    }
}

void StatusFile::end(const std::string& state, const std::string& text) {
    status_.state = state;
    status_.text = text.substr(0, kMaxText);
    status_.bytes_per_second = 0;
    write();
}

void StatusFile::write() noexcept {
    try {
        status_.time = seconds_since_1970();
        std::string text;
        for (const Field<TrunkStatus>& field : status_fields()) {
            if (const Words words = field.write(status_); !words.empty() && !words.front().empty()) {
                text += setting_line(field.info.name, words);
            }
        }
        write_file(path_, text);
    } catch (const std::exception&) {
        // The run goes on; whoever asks sees that nothing is said any more.
    }
}

const char* state_name(TrunkState state) {
    switch (state) {
        case TrunkState::done: return "done";
        case TrunkState::running: return "running";
        case TrunkState::waiting: return "waiting";
        default: return "failed";
    }
}

StudyProgress study_progress(const StudyPlan& plan, std::uint64_t now) {
    std::set<std::string> ended;
    for (const StudyResult& result : read_all_results(plan)) {
        ended.insert(result.run);
    }
    const std::vector<Submission> submissions = submissions_of(plan);
    StudyProgress progress;
    double flops_left = 0;
    double flops_per_second = 0;
    for (const StudyTrunk& trunk : plan.trunks) {
        TrunkProgress p;
        p.trunk = trunk.id;
        p.runs = trunk.runs.size();
        p.ended_runs = static_cast<std::size_t>(
            std::count_if(trunk.runs.begin(), trunk.runs.end(),
                          [&](const StudyRun& run) { return ended.contains(run.id); }));
        p.status = read_status(status_path(plan, trunk.id));
        const WorkLeft left = work_left(trunk, ended, p.status);
        const bool is_silent = p.status && p.status->time + kSilentSeconds < now;
        if (p.ended_runs == p.runs) {
            p.state = TrunkState::done;
            ++progress.done;
        } else if (p.status &&
                   (p.status->state == "failed" ||
                    ((p.status->state == "training" || p.status->state == "measuring") && is_silent))) {
            p.state = TrunkState::failed;
            ++progress.failed;
            p.text = last_words(plan, submissions, trunk.id);
            p.text = p.text.empty() ? p.status->text : p.text;
            p.text = p.text.empty() ? text_of("silent for ", now - p.status->time, " s") : p.text;
        } else if (p.status && (p.status->state == "training" || p.status->state == "measuring")) {
            p.state = TrunkState::running;
            ++progress.running;
            if (p.status->state == "training" && p.status->bytes_per_second > 0) {
                progress.bytes_per_second += p.status->bytes_per_second;
                flops_per_second += p.status->bytes_per_second * left.byte_flops;
                p.seconds_left = left.flops / (p.status->bytes_per_second * left.byte_flops);
            }
        } else {
            ++progress.waiting;
        }
        flops_left += left.flops;
        progress.trunks.push_back(std::move(p));
    }
    progress.seconds_left = flops_per_second > 0 ? flops_left / flops_per_second : 0.0;
    return progress;
}

}  // namespace bitlaw::studies
