#include "bitlaw/studies/study_runner.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "bitlaw/base/clock.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/studies/study_check.hpp"
#include "bitlaw/studies/study_status.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/training_state.hpp"
#include "run_measuring.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace train;

namespace {

namespace fs = std::filesystem;

constexpr const char* kStoppedText = "stopped; the states are saved, so the same command goes on from there";

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void remove_quietly(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

// Throws when a file that the study writes is read as its data: it would be lost.
void require_no_data_among_results(const StudyPlan& plan, const StudyRunOptions& options) {
    InputFiles inputs;
    for (const std::string& text : {options.data, options.held_out}) {
        inputs.add(parse_range(text).path);
    }
    inputs.require_not(plan.results());
    inputs.require_not(plan.report());
}

// All workers of this process.
class Study {
   public:
    Study(const StudyPlan& plan, const StudyRunOptions& options, const std::atomic<bool>& stop)
        : plan_(plan),
          options_(options),
          data_{options.data, options.held_out},
          stop_(stop),
          held_out_({options.held_out}) {
        require_no_data_among_results(plan_, options);
        prepare_study(plan_, data_);
        make_folder(plan_.work());
        if (is_alone()) {
            require_trunk();
            make_folder(plan_.rows());
        } else {
            join_results(plan_);
        }
        const std::set<std::string> ended = ended_runs(read_all_results(plan_));
        for (std::size_t i = 0; i < plan_.trunks.size(); ++i) {
            if (is_alone() && plan_.trunks[i].id != options_.trunk) {
                continue;
            }
            const std::size_t left = runs_left(plan_.trunks[i], ended);
            summary_.before += plan_.trunks[i].runs.size() - left;
            if (left > 0) {
                queue_.push_back(i);
            }
        }
        if (options.costly_first) {
            std::reverse(queue_.begin(), queue_.end());
        }
    }

    StudyRunSummary run() {
        const std::size_t jobs =
            std::clamp(options_.jobs, std::size_t{1}, std::max<std::size_t>(queue_.size(), 1));
        statuses_.resize(jobs);
        std::vector<std::thread> workers;
        for (std::size_t worker = 1; worker < jobs; ++worker) {
            workers.emplace_back([this, worker] { work(worker); });
        }
        work(0);
        for (std::thread& worker : workers) {
            worker.join();
        }
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return summary_;
    }

   private:
    // Whether this process is the only one of its trunk, and writes its rows into a file of its own.
    [[nodiscard]] bool is_alone() const { return !options_.trunk.empty(); }

    void require_trunk() const {
        const bool is_known =
            std::any_of(plan_.trunks.begin(), plan_.trunks.end(),
                        [&](const StudyTrunk& trunk) { return trunk.id == options_.trunk; });
        if (!is_known) {
            fail_usage("the study has no trunk ", options_.trunk,
                       "; 'bitlaw study status' names those that it has");
        }
    }

    static std::set<std::string> ended_runs(const std::vector<StudyResult>& results) {
        std::set<std::string> names;
        for (const StudyResult& result : results) {
            names.insert(result.run);
        }
        return names;
    }

    static std::size_t runs_left(const StudyTrunk& trunk, const std::set<std::string>& ended) {
        return static_cast<std::size_t>(
            std::count_if(trunk.runs.begin(), trunk.runs.end(),
                          [&](const StudyRun& run) { return !ended.contains(run.id); }));
    }

    std::optional<std::size_t> next_trunk() {
        const std::lock_guard guard(mutex_);
        if (queue_.empty() || stopping_ || stop_) {
            return std::nullopt;
        }
        const std::size_t trunk = queue_.front();
        queue_.erase(queue_.begin());
        return trunk;
    }

    // One worker until there is nothing left. The first failure stops the others.
    void work(std::size_t worker) {
        try {
            while (const auto trunk = next_trunk()) {
                run_trunk(worker, plan_.trunks[*trunk]);
            }
            if (stop_) {
                throw Stopped(kStoppedText);
            }
        } catch (...) {
            const std::lock_guard guard(mutex_);
            if (!failure_) {
                failure_ = std::current_exception();
            }
            stopping_ = true;
        }
    }

    // Also for those who look at the folder only.
    void report_advance(const StudyEvent& event) {
        if (std::optional<StatusFile>& status = statuses_[event.worker]) {
            status->advance(event.kind == StudyEvent::Kind::training ? "training" : "measuring", event.run,
                            event.done, event.total);
        }
        report(event);
    }

    void report(const StudyEvent& event) {
        const std::lock_guard guard(mutex_);
        if (options_.on_event) {
            options_.on_event(event);
        }
    }

    // States of other settings must not be found, so the name has the recipe in it.
    [[nodiscard]] fs::path folder_of(const std::string& name, const StudyRun& run) const {
        return plan_.work() / (name + "." + run.recipe.substr(0, 8));
    }

    // The trainer's options with everything that does not decide bits.
    [[nodiscard]] TrainOptions in_folder(TrainOptions o, const fs::path& out) const {
        o.out = out;
        o.command = options_.command;
        o.resume = fs::exists(out / kStateFile);
        o.overwrite = !o.resume;
        return o;
    }

    // A row's recipe has the bytes in it that the study began with.
    void require_same_bytes(const StudyTrunk& trunk, const TrainingRecord& record) const {
        if (record.training.at(0).hash != trunk.data_hash ||
            record.validation.at(0).hash != held_out_.sources()[0].hash) {
            fail("the data were changed since the study began, so ", trunk.id,
                 " gets no row; start the study again with data that stay as they are");
        }
    }

    void train_on(std::size_t worker, const StudyTrunk& trunk, const StudyRun& run,
                  const TrainOptions& options, std::uint64_t total, StudyResult& result) {
        const double start = now();
        std::optional<TrainResult> trained;
        try {
            trained = train::train(
                options,
                [&](const StepReport& step) {
                    report_advance({.kind = StudyEvent::Kind::training,
                                    .worker = worker,
                                    .run = run.id,
                                    .done = step.tokens,
                                    .total = total,
                                    .bits_per_byte = step.mean_bits_per_byte,
                                    .gflops = step.gflops});
                    if (stop_) {
                        stopping_ = true;
                    }
                },
                stopping_);
        } catch (const Stopped&) {
            if (stopping_) {
                throw Stopped(kStoppedText);  // the trainer's names an option that a study does not have
            }
            // The trunk is where the branch begins.
        }
        result.seconds += now() - start;
        if (trained) {
            require_same_bytes(trunk, trained->record);
            result.training_bits_per_byte = trained->record.training_bits_per_byte;
            result.chunk_bits_per_byte = trained->record.validation_bits_per_byte;
        }
    }

    // Brings the trunk to the run's branch and copies its state into the run's folder, where the trainer goes
    // on with the run's options: they leave the steps done as they are.
    void branch(std::size_t worker, const StudyTrunk& trunk, const StudyRun& run, const fs::path& out,
                StudyResult& result) {
        const fs::path folder = folder_of(trunk.id, trunk.runs.back());
        const fs::path state_file = folder / kStateFile;
        std::uint64_t reached = fs::exists(state_file) ? load_state(state_file).progress.step : 0;
        if (reached > run.branch_step) {  // the branch was lost
            remove_quietly(folder);
            reached = 0;
        }
        if (reached < run.branch_step) {
            TrainOptions o = in_folder(trunk_options(plan_, trunk, data_), folder);
            o.stop_after_steps = run.branch_step;
            train_on(worker, trunk, run, o, run.bytes, result);
        }
        make_folder(out);
        write_file(out / kStateFile, MappedFile(state_file).bytes());
    }

    void measure(std::size_t worker, const StudyRun& run, const fs::path& out, StudyResult& result) {
        measure_model(load_model(out / kModelFile), plan_.config, held_out_, result,
                      [&](std::uint64_t done, std::uint64_t total) {
                          report_advance({.kind = StudyEvent::Kind::measuring,
                                          .worker = worker,
                                          .run = run.id,
                                          .done = done,
                                          .total = total});
                          if (stop_ || stopping_) {
                              throw Stopped("stopped while measuring; the same command goes on from there");
                          }
                      });
    }

    void record(std::size_t worker, StudyResult& result, const char* status) {
        result.status = status;
        result.threads = thread_count();
        result.date = utc_now();
        if (is_alone()) {
            add_own_result(plan_.rows() / (options_.trunk + ".csv"), result);
        } else {
            add_result(plan_.results(), plan_.work() / "results.lock", result);
        }
        {
            const std::lock_guard guard(mutex_);
            ++(result.is_done() ? summary_.done : summary_.diverged);
        }
        report({.kind = StudyEvent::Kind::ended, .worker = worker, .run = result.run, .result = &result});
    }

    // One run from where it stands to its row. Throws Diverged when its trunk did.
    void run_one(std::size_t worker, const StudyTrunk& trunk, const StudyRun& run) {
        const fs::path out = folder_of(run.id, run);
        StudyResult result = planned_result(trunk, run);
        const bool has_trunk = trunk.runs.size() > 1;
        if (has_trunk && !fs::exists(out / kStateFile)) {
            branch(worker, trunk, run, out, result);
        }
        bool has_diverged = false;
        try {
            train_on(worker, trunk, run, in_folder(run_options(plan_, trunk, run, data_), out), run.bytes,
                     result);
            // Worse than writing the bytes down: finite, but no model.
            has_diverged = !(result.chunk_bits_per_byte <= std::log2(trunk.config.alphabet));
            measure(worker, run, out, result);
        } catch (const Diverged&) {
            has_diverged = true;
        }
        record(worker, result, has_diverged ? "diverged" : "done");
        remove_quietly(out / kStateFile);
    }

    void run_trunk(std::size_t worker, const StudyTrunk& trunk) {
        std::optional<FileLock> lock;
        if (!is_alone()) {
            lock.emplace(plan_.work() / (trunk.id + ".lock"), FileLock::Wait::no);
        }
        // Another process may have ended runs since this one began, so only what is read under the lock
        // counts.
        const std::set<std::string> ended = ended_runs(read_all_results(plan_));
        if (lock && !lock->held()) {
            {
                const std::lock_guard guard(mutex_);
                summary_.elsewhere += runs_left(trunk, ended);
            }
            report({.kind = StudyEvent::Kind::skipped, .worker = worker, .run = trunk.id});
            return;
        }
        StatusFile& status = statuses_[worker].emplace(plan_, trunk);
        try {
            run_runs(worker, trunk, ended);
            status.end("done");
        } catch (const Stopped&) {
            status.end("stopped");
            throw;
        } catch (const std::exception& error) {
            status.end("failed", error.what());
            throw;
        }
    }

    void run_runs(std::size_t worker, const StudyTrunk& trunk, const std::set<std::string>& ended) {
        bool trunk_diverged = false;
        for (const StudyRun& run : trunk.runs) {
            if (ended.contains(run.id)) {
                continue;
            }
            if (!trunk_diverged) {
                try {
                    run_one(worker, trunk, run);
                    continue;
                } catch (const Diverged&) {
                    trunk_diverged = true;
                }
            }
            StudyResult result = planned_result(trunk, run);
            record(worker, result, "diverged");
        }
        if (trunk.runs.size() > 1) {
            remove_quietly(folder_of(trunk.id, trunk.runs.back()) / kStateFile);
        }
    }

    StudyPlan plan_;  // with recipes
    const StudyRunOptions& options_;
    StudyData data_;
    const std::atomic<bool>& stop_;
    Corpus held_out_;
    std::mutex mutex_;                                 // guards what follows
    std::vector<std::size_t> queue_;                   // trunks
    std::vector<std::optional<StatusFile>> statuses_;  // [workers], each its worker's own
    StudyRunSummary summary_;
    std::exception_ptr failure_;
    std::atomic<bool> stopping_{false};  // no more work in this process
};

}  // namespace

StudyRunSummary run_study(const StudyPlan& plan, const StudyRunOptions& options,
                          const std::atomic<bool>& stop) {
    return Study(plan, options, stop).run();
}

}  // namespace bitlaw::studies
