#include "bitlaw/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/predict/copying.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/train/calibration.hpp"
#include "bitlaw/train/divergence.hpp"
#include "bitlaw/train/metrics.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/run_warnings.hpp"
#include "bitlaw/train/schedule.hpp"
#include "bitlaw/train/training_state.hpp"

namespace bitlaw::train {

using namespace symbols;
using namespace model;
using namespace learn;
using namespace predict;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

// When save_every is 0: often enough that a crash costs little, seldom enough that saving costs nothing.
constexpr double kSaveSeconds = 120.0;

// Held while a process trains in a folder.
constexpr const char* kLockFile = "train.lock";

// Throws when the folder holds a run that neither resume nor overwrite was said for.
void require_free_folder(const TrainOptions& options) {
    const std::filesystem::path& out = options.out;
    std::error_code error;
    const bool has_state = std::filesystem::exists(out / kStateFile, error);
    if (error) {
        fail("cannot look into the folder ", out.string(), ": ", error.message(), "; check its permissions");
    }
    if (options.resume && !has_state) {
        fail_usage(out.string(), " holds no ", kStateFile, " to resume; start the run without resume");
    }
    if (!options.resume && !options.overwrite && (has_state || std::filesystem::exists(out / kModelFile))) {
        fail(out.string(),
             " already holds a run; use --resume to continue it, -f to overwrite it, or name another folder");
    }
}

// Throws when one of the run's own files is read as data: it would be lost.
void require_no_data_among_results(const TrainOptions& options) {
    InputFiles inputs;
    for (const std::vector<std::string>* ranges : {&options.data, &options.validation}) {
        for (const std::string& text : *ranges) {
            inputs.add(parse_range(parse_weighted_range(text).range).path);
        }
    }
    for (const char* name : {kStateFile, kModelFile, kMetricsFile, kRunFile, kOptionsFile}) {
        inputs.require_not(options.out / name);
    }
}

// A stale model or state must not be taken for one of the new run.
void remove_old_run(const std::filesystem::path& out) {
    for (const char* name : {kStateFile, kModelFile, kMetricsFile, kRunFile, kOptionsFile}) {
        std::error_code error;
        std::filesystem::remove(out / name, error);
        if (error) {
            fail("cannot remove ", (out / name).string(), ": ", error.message(),
                 "; remove it or name another folder");
        }
    }
}

// Throws when a resumed run's data are not those that its state was made with.
void require_same_data(const std::vector<DataSource>& saved, const Corpus& now, const char* what) {
    if (saved.size() != now.ranges()) {
        fail_usage("the saved run has ", saved.size(), ' ', what, " files, this one ", now.ranges(),
                   "; give the same data to resume it");
    }
    for (std::size_t i = 0; i < saved.size(); ++i) {
        const DataSource& source = now.sources()[i];
        if (saved[i].hash != source.hash || saved[i].bytes != source.bytes) {
            fail_usage("the ", what, " file ", source.name,
                       " does not hold the bytes that the saved run read from ", saved[i].name,
                       "; give the same data to resume it");
        }
    }
}

void require_same_run(const TrainingProgress& saved, const ResolvedRun& run, const Corpus& training,
                      const Corpus& validation) {
    const TrainOptions& options = run.options;
    require_same_past(saved.options, saved.steps, saved.step, run);
    if (saved.config != options.config) {
        fail_usage("the saved run in ", options.out.string(), " has another config: ", describe(saved.config),
                   "; give the same preset to resume it");
    }
    if (saved.tokens != saved.step * run.step_tokens()) {
        fail((options.out / kStateFile).string(), " contradicts itself; start the run anew");
    }
    require_same_data(saved.training, training, "training");
    require_same_data(saved.validation, validation, "validation");
}

// One process's part of a run, from its first step to the end.
class Run {
   public:
    Run(const ResolvedRun& run, const Corpus& training, const Corpus& validation, TrainingProgress progress,
        Clock::time_point start)
        : run_(run),
          options_(run.options),
          schedule_{options_.learning_rate, run.steps, options_.warmup, options_.decay},
          start_(start),
          progress_(std::move(progress)),
          training_(training),
          held_out_(validation),
          sampler_(training, run.positions(), options_.seed),
          divergence_(options_.config.alphabet, options_.diverged_after),
          learner_(initial_model(options_.config, options_.seed), learner_options(run)) {
        if (run.validation_sequences > 0) {
            validation_ = first_sequences(validation, run.positions(), options_.validation_bytes);
        }
    }

    // Takes weights and moments from a saved state, whose progress the constructor was given.
    void restore(TrainingState state) {
        learner_.restore(state.weights, std::move(state.moments));
        sampler_.seek(progress_.position);
    }

    TrainResult finish(const std::function<void(const StepReport&)>& on_step, const std::atomic<bool>& stop) {
        if (progress_.step < run_.steps) {
            try {
                run_steps(on_step, stop);
            } catch (const Stopped&) {
                throw;
            } catch (...) {
                note_failure();
                throw;
            }
        }
        return result();
    }

   private:
    void run_steps(const std::function<void(const StepReport&)>& on_step, const std::atomic<bool>& stop) {
        MetricsFile metrics(options_.out / kMetricsFile, progress_.step);
        first_step_ = progress_.step;
        write_status("running");
        write_options_file(options_.out / kOptionsFile, run_);
        Clock::time_point saved = Clock::now();
        while (progress_.step < run_.steps) {
            const StepReport report = one_step();
            metrics.add(report);
            if (on_step) {
                on_step(report);
            }
            const bool is_last = progress_.step == run_.steps;
            const bool is_stopped = !is_last && (stop || progress_.step == options_.stop_after_steps);
            if (is_stopped || (!is_last && is_save_due(saved))) {
                save();
                saved = Clock::now();
            }
            if (is_stopped) {
                write_status("stopped");
                throw Stopped(text_of("stopped after step ", progress_.step, " of ", run_.steps,
                                      "; the state is in ", (options_.out / kStateFile).string(),
                                      ", so the same command with --resume goes on from there"));
            }
        }
        save_result();
    }

    // The model first: a run killed between the two resumes from an older state and writes the same model
    // again.
    void save_result() const {
        require_unchanged_data(LookAgain::everywhere);
        TrainingRecord made = record();
        made.content = content();
        save_model(options_.out / kModelFile, learner_.model(), options_.weight_format, made);
        save();
        write_status(trouble().empty() ? "finished" : "diverged");
    }

    [[nodiscard]] std::string trouble() const {
        // The only step of a run is measured before it: it says nothing of the model.
        const double trained = progress_.step > 1 ? progress_.mean_bits_per_byte.value : 0.0;
        return trouble_of(options_.config, trained, first_bits_,
                          validation_.empty() ? 0.0 : progress_.validation_bits_per_byte);
    }

    [[nodiscard]] bool is_save_due(Clock::time_point saved) const {
        if (options_.save_every > 0) {
            return progress_.step % options_.save_every == 0;
        }
        return seconds_between(saved, Clock::now()) >= kSaveSeconds;
    }

    StepReport one_step() {
        const Clock::time_point begin = Clock::now();
        const double rate = schedule_.rate(progress_.step);
        const StepOutcome outcome = update(rate);
        const double seconds = seconds_between(begin, Clock::now());
        const auto step_tokens = static_cast<double>(run_.step_tokens());
        require_finite(outcome.is_finite(), "loss or gradient", progress_.step + 1, options_.learning_rate);
        const double bits_per_byte = outcome.bits / step_tokens;
        if (progress_.step == 0) {
            first_bits_ = bits_per_byte;
        }
        ++progress_.step;
        progress_.tokens += run_.step_tokens();
        progress_.position = sampler_.position();
        progress_.mean_bits_per_byte.add(bits_per_byte);
        divergence_.add(progress_.step, bits_per_byte, options_.learning_rate);
        const bool validates = is_validation_due();
        if (validates) {
            validate_weights();
        }
        return {.step = progress_.step,
                .steps = run_.steps,
                .tokens = progress_.tokens,
                .total_tokens = run_.tokens(),
                .bits_per_byte = bits_per_byte,
                .mean_bits_per_byte = progress_.mean_bits_per_byte.value,
                .validation_bits_per_byte = validates ? progress_.validation_bits_per_byte : -1.0,
                .copy_score = validates ? measured_copying() : std::nullopt,
                .sample = is_sample_due() ? drawn_sample() : std::string(),
                .learning_rate = rate,
                .gradient_norm = outcome.gradient_norm,
                .seconds = seconds_between(start_, Clock::now()),
                .tokens_per_second = step_tokens / seconds,
                .gflops = training_flops(options_.config, run_.positions()) *
                          static_cast<double>(run_.step_sequences) / seconds / 1e9};
    }

    // Draws the step's sequences leaf by leaf and updates the weights.
    StepOutcome update(double rate) {
        const float factor = static_cast<float>(1.0 / static_cast<double>(run_.step_tokens()));
        for (std::size_t first = 0; first < run_.step_sequences; first += learner_.leaf()) {
            const std::size_t sequences = std::min(learner_.leaf(), run_.step_sequences - first);
            symbols_.resize(sequences * run_.positions());
            for (std::size_t s = 0; s < sequences; ++s) {
                sampler_.next(std::span(symbols_).subspan(s * run_.positions(), run_.positions()));
            }
            learner_.add_leaf(symbols_, factor);
        }
        return learner_.update(rate);
    }

    [[nodiscard]] bool is_validation_due() const {
        return !validation_.empty() &&
               (progress_.step % options_.validate_every == 0 || progress_.step == run_.steps);
    }

    void validate_weights() {
        const double bits = learner_.coding_bits(validation_, options_.weight_format);
        require_finite(std::isfinite(bits), "validation loss", progress_.step, options_.learning_rate);
        progress_.validation_bits_per_byte = bits / static_cast<double>(validation_.size());
    }

    [[nodiscard]] std::optional<double> measured_copying() {
        std::optional<CopyScore> score;
        learner_.with_coding_weights(options_.weight_format,
                                     [&](const PackedModel& packed) { score = predict::copy_score(packed); });
        return score ? std::optional(score->value()) : std::nullopt;
    }

    [[nodiscard]] bool is_sample_due() const {
        return options_.sample_every > 0 &&
               (progress_.step % options_.sample_every == 0 || progress_.step == run_.steps);
    }

    [[nodiscard]] std::string drawn_sample() {
        std::string text;
        learner_.with_coding_weights(options_.weight_format, [&](const PackedModel& packed) {
            draw_text(packed, {.prompt = options_.sample_prompt, .bytes = options_.sample_bytes},
                      [&](std::uint8_t byte) { text += static_cast<char>(byte); });
        });
        return text;
    }

    // A record names the bytes that were read by their hash, so it must not be written for others.
    void require_unchanged_data(LookAgain look) const {
        try {
            training_.require_unchanged(look);
            held_out_.require_unchanged(look);
        } catch (const Error& error) {
            fail(error.what(),
                 ", so nobody can say which bytes the model has seen, and none is written; start the run "
                 "anew with data that stay as they are");
        }
    }

    void save() const {
        require_unchanged_data(LookAgain::where_touched);
        save_state(options_.out / kStateFile, progress_, learner_.model().weights, learner_.moments());
    }

    void write_status(const char* status) const {
        write_run_file(options_.out / kRunFile, run_,
                       {.status = status,
                        .first_step = first_step_,
                        .last_step = progress_.step,
                        .seconds = seconds_between(start_, Clock::now())});
    }

    void note_failure() const noexcept {
        try {
            write_status("failed");
        } catch (const std::exception&) {
            // A full disk, say: the failure that is on its way tells more.
        }
    }

    [[nodiscard]] Bytes content() const {
        std::vector<ByteSpan> ranges;
        for (std::size_t range = 0; range < training_.ranges(); ++range) {
            ranges.push_back(training_.bytes(range));
        }
        return content_sample(ranges);
    }

    [[nodiscard]] TrainingRecord record() const {
        return {.training = progress_.training,
                .validation = progress_.validation,
                .seed = options_.seed,
                .steps = progress_.step,
                .tokens = progress_.tokens,
                .options = progress_.options,
                .training_bits_per_byte = progress_.mean_bits_per_byte.value,
                .validation_bits_per_byte = progress_.validation_bits_per_byte};
    }

    TrainResult result() {
        const std::filesystem::path file = options_.out / kModelFile;
        const std::uint64_t id = model_id(learner_.model(), options_.weight_format);
        // A run that has just got another length may have no step left, and the model of its old length.
        if (!std::filesystem::exists(file) || peek_model_id(file) != id) {
            if (!validation_.empty()) {
                validate_weights();
            }
            save_result();
        }
        TrainResult result{.record = record(), .model_id = id, .model_file = file};
        result.trouble = trouble();
        result.seconds = seconds_between(start_, Clock::now());
        return result;
    }

    const ResolvedRun& run_;
    const TrainOptions& options_;
    Schedule schedule_;
    Clock::time_point start_;
    TrainingProgress progress_;
    const Corpus& training_;
    const Corpus& held_out_;
    Sampler sampler_;
    DivergenceWatch divergence_;
    Learner learner_;
    std::vector<Symbol> symbols_;     // [at most leaf, T]
    std::vector<Symbol> validation_;  // [validation_sequences, T]
    std::uint64_t first_step_ = 0;
    double first_bits_ = 0;  // of the run's first step, when this process made it
};

}  // namespace

TrainResult train(const TrainOptions& asked, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop, const std::function<void(const ResolvedRun&)>& on_start) {
    const FloatStateGuard guard;
    const Clock::time_point start = Clock::now();
    check_options(asked);
    const Corpus training(asked.data);
    const Corpus validation(asked.validation);
    for (const Corpus* corpus : {&training, &validation}) {
        corpus->require_length(asked.config.context);
        corpus->require_alphabet(asked.config.alphabet);
    }
    require_no_data_among_results(asked);
    make_folder(asked.out);
    const FileLock lock(asked.out / kLockFile, FileLock::Wait::no);
    if (!lock.held()) {
        fail("another process trains in ", asked.out.string(), "; wait for it or name another folder");
    }
    require_free_folder(asked);

    std::optional<TrainingState> saved;
    if (asked.resume) {
        saved = load_state(asked.out / kStateFile);
    }
    const TrainOptions options = saved ? with_saved_rates(asked, saved->progress.options) : asked;
    // A resumed run keeps its length unless another one is asked for.
    const bool keeps_length = saved && options.tokens == 0;
    ResolvedRun run = resolve_run(options, validation, keeps_length ? saved->progress.steps : 0);
    if (run.steps == 0) {
        const double left = options.minutes * 60.0 - seconds_between(start, Clock::now());
        run = resolve_run(options, validation, steps_for(left, run, training, options.validate_every, stop));
    }
    TrainingProgress progress;
    if (saved) {
        require_same_run(saved->progress, run, training, validation);
        progress = saved->progress;
    } else {
        remove_old_run(options.out);
        progress.config = options.config;
        progress.training = training.sources();
        progress.validation = validation.sources();
    }
    const bool is_validation_seen = tell_warnings(options, run, training, validation);
    progress.options = record_text(run);
    progress.steps = run.steps;
    if (on_start) {
        on_start(run);
    }
    Run process(run, training, validation, std::move(progress), start);
    if (saved) {
        process.restore(*std::move(saved));
    }
    saved.reset();  // its tensors would stay in memory for the whole run
    TrainResult result = process.finish(on_step, stop);
    result.is_validation_seen = is_validation_seen;
    return result;
}

}  // namespace bitlaw::train
