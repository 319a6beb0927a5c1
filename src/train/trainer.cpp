#include "bitlaw/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/predict/copying.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/token_bytes.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/calibration.hpp"
#include "bitlaw/train/divergence.hpp"
#include "bitlaw/train/metrics.hpp"
#include "bitlaw/train/ranks.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/run_warnings.hpp"
#include "bitlaw/train/schedule.hpp"
#include "bitlaw/train/training_state.hpp"
#include "run_start.hpp"

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

// Bytes of the training data that say what rows' steps are to each other: what 32 steps of 4,096 read, of a
// short run a sixteenth.
std::size_t sample_bytes(const ResolvedRun& run) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(131'072, run.steps * run.step_tokens() / 16));
    return std::max<std::size_t>(wanted / run.positions(), 1) * run.positions();
}

// Held while a process trains in a folder.
constexpr const char* kLockFile = "train.lock";

// One process's part of a run, from its first step to the end.
class Run {
   public:
    Run(const ResolvedRun& run, const Corpus& training, const Corpus& validation, TrainingProgress progress,
        Clock::time_point start, Ranks& ranks)
        : run_(run),
          ranks_(ranks),
          options_(run.options),
          schedule_{options_.learning_rate, run.steps, options_.warmup, options_.decay},
          start_(start),
          progress_(std::move(progress)),
          training_(training),
          held_out_(validation),
          sampler_(training, run.positions(), options_.seed),
          divergence_(options_.config.alphabet, options_.diverged_after, run.rate.bytes_a_symbol()),
          learner_(first_model(options_), options_of(run, ranks)) {
        if (run.validation_sequences > 0) {
            validation_ =
                first_sequences(validation, run.positions(), run.validation_sequences * run.positions());
            validation_bytes_ = validation.covered(validation_);
        }
    }

    // Takes weights and moments from a saved state, whose progress the constructor was given.
    void restore(TrainingState state) {
        const bool is_rounded = progress_.step >= run_.rounded_from();
        learner_.restore(state.weights, std::move(state.moments),
                         is_rounded ? std::move(state.row_steps) : std::vector<float>{});
        sampler_.seek(progress_.position);
    }

    TrainResult finish(const std::function<void(const StepReport&)>& on_step, const std::atomic<bool>& stop) {
        // A run that rounds from its first step, or goes on where another one had not begun to.
        if (progress_.step >= run_.rounded_from() && !learner_.rounds()) {
            round_weights();
        }
        if (progress_.step < run_.steps) {
            try {
                run_steps(on_step, stop);
            } catch (const Stopped&) {
                ranks_.settle();
                throw;
            } catch (const Diverged&) {
                ranks_.settle();
                note_failure();
                throw;
            } catch (...) {
                note_failure();
                throw;
            }
        }
        return result();
    }

   private:
    static Model first_model(const TrainOptions& options) {
        if (!options.from.empty()) {
            return load_model(options.from).model;
        }
        Model model = initial_model(options.config, options.seed);
        model.vocabulary = options.vocabulary;
        return model;
    }

    void round_weights() {
        std::vector<Symbol> sample;
        if (!learner_.rounds()) {
            sample.resize(sample_bytes(run_));
            Sampler sampler(training_, run_.positions(), options_.seed);
            for (std::size_t first = 0; first < sample.size(); first += run_.positions()) {
                sampler.next(std::span(sample).subspan(first, run_.positions()));
            }
            training_.forget();
        }
        const double bits = learner_.round_to(options_.weight_bits, sample);
        if (bits > options_.weight_bits && progress_.step == run_.steps && options_.warn &&
            ranks_.is_first()) {
            options_.warn(text_of("the weights take ", bits, " bits each, more than the ",
                                  options_.weight_bits, " asked for: what is not in matrices takes 16"));
        }
    }

    // As weights are stored; while they are not rounded yet, as those of a run that never rounds.
    [[nodiscard]] WeightFormatId coding_format() const {
        return run_.rounded_from() != ResolvedRun::kNever && !learner_.rounds() ? WeightFormatId::bf16
                                                                                : options_.weight_format;
    }

    static LearnerOptions options_of(const ResolvedRun& run, const Ranks& ranks) {
        LearnerOptions options = learner_options(run);
        options.keeps_code_lengths = !ranks.is_alone();
        return options;
    }

    void run_steps(const std::function<void(const StepReport&)>& on_step, const std::atomic<bool>& stop) {
        std::optional<MetricsFile> metrics;
        first_step_ = progress_.step;
        ranks_.together([&] {
            if (ranks_.is_first()) {
                metrics.emplace(options_.out / kMetricsFile, progress_.step);
                write_status("running");
                write_options_file(options_.out / kOptionsFile, run_);
            }
        });
        saved_ = Clock::now();
        while (progress_.step < run_.steps) {
            const StepReport report = one_step(stop);
            if (metrics) {
                metrics->add(report);
            }
            if (on_step) {
                on_step(report);
            }
            const bool is_last = progress_.step == run_.steps;
            const bool is_asked_to_stop = ranks_.is_alone() ? stop.load() : (wishes_ & kStop) != 0;
            const bool is_due = ranks_.is_alone() ? is_save_due(progress_.step) : (wishes_ & kSave) != 0;
            const bool is_stopped =
                !is_last && (is_asked_to_stop || progress_.step == options_.stop_after_steps);
            if (is_stopped || (!is_last && is_due)) {
                save();
                saved_ = Clock::now();
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
        ranks_.together([&] {
            if (ranks_.is_first()) {
                TrainingRecord made = record();
                made.content = content();
                save_model(options_.out / kModelFile, learner_.model(), options_.weight_format, made);
            }
        });
        save();
        write_status(trouble().empty() ? "finished" : "diverged");
    }

    [[nodiscard]] std::string trouble() const {
        // The only step of a run is measured before it: it says nothing of the model.
        const double trained = progress_.step > 1 ? progress_.mean_bits_per_byte.value : 0.0;
        // A model that was trained before may end above what it began with, at fewer bits a weight say.
        return trouble_of(options_.config, trained, options_.from.empty() ? first_bits_ : 0.0,
                          validation_.empty() ? 0.0 : progress_.validation_bits_per_byte,
                          run_.rate.bytes_a_symbol());
    }

    // Whether the state is to be saved when so many steps are done.
    [[nodiscard]] bool is_save_due(std::uint64_t steps) const {
        if (options_.save_every > 0) {
            return steps % options_.save_every == 0;
        }
        return ranks_.is_first() && seconds_between(saved_, Clock::now()) >= kSaveSeconds;
    }

    StepReport one_step(const std::atomic<bool>& stop) {
        const Clock::time_point begin = Clock::now();
        const double rate = schedule_.rate(progress_.step);
        step_bytes_ = 0;
        const StepOutcome outcome = ranks_.is_alone() ? update(rate) : shared_update(rate, stop);
        const double seconds = seconds_between(begin, Clock::now());
        const auto step_bytes = static_cast<double>(step_bytes_);
        require_finite(outcome.is_finite(), "loss or gradient", progress_.step + 1, options_.learning_rate);
        const double bits_per_byte = outcome.bits / step_bytes;
        if (progress_.step == 0) {
            first_bits_ = bits_per_byte;
        }
        ++progress_.step;
        progress_.tokens += step_bytes_;
        progress_.position = sampler_.position();
        progress_.mean_bits_per_byte.add(bits_per_byte);
        divergence_.add(progress_.step, bits_per_byte, options_.learning_rate);
        if (run_.is_rounding_due(progress_.step)) {
            round_weights();
        }
        const bool validates = is_validation_due();
        if (validates) {
            validate_weights();
        }
        return {.step = progress_.step,
                .steps = run_.steps,
                .tokens = progress_.tokens,
                .total_tokens = run_.bytes(),
                .bits_per_byte = bits_per_byte,
                .mean_bits_per_byte = progress_.mean_bits_per_byte.value,
                .validation_bits_per_byte = validates ? progress_.validation_bits_per_byte : -1.0,
                .copy_score = validates ? measured_copying() : std::nullopt,
                .sample = ranks_.is_first() && is_sample_due() ? drawn_sample() : std::string(),
                .learning_rate = rate,
                .gradient_norm = outcome.gradient_norm,
                .seconds = seconds_between(start_, Clock::now()),
                .tokens_per_second = step_bytes / seconds,
                .gflops = training_flops(options_.config, run_.positions()) *
                          static_cast<double>(run_.step_sequences) / seconds / 1e9};
    }

    // Draws the step's sequences first .. last-1 leaf by leaf and adds their gradients.
    void add_sequences(std::size_t begin, std::size_t end) {
        const float factor = static_cast<float>(1.0 / static_cast<double>(run_.step_tokens()));
        for (std::size_t first = begin; first < end; first += learner_.leaf()) {
            const std::size_t sequences = std::min(learner_.leaf(), end - first);
            symbols_.resize(sequences * run_.positions());
            for (std::size_t s = 0; s < sequences; ++s) {
                sampler_.next(std::span(symbols_).subspan(s * run_.positions(), run_.positions()));
            }
            // A page that is read can map two megabytes around it.
            constexpr std::size_t kDrawnAtOnce = 64;
            drawn_ += sequences;
            if (drawn_ >= kDrawnAtOnce) {
                training_.forget();
                drawn_ = 0;
            }
            step_bytes_ += training_.covered(symbols_);
            learner_.add_leaf(symbols_, factor);
        }
    }

    StepOutcome update(double rate) {
        add_sequences(0, run_.step_sequences);
        return learner_.update(rate);
    }

    // Passes over sequences that are other ranks', and counts their bytes.
    void pass(std::size_t sequences) {
        if (!run_.has_vocabulary()) {
            sampler_.skip(sequences);
            step_bytes_ += sequences * run_.positions();
            return;
        }
        symbols_.resize(run_.positions());
        for (; sequences > 0; --sequences) {
            sampler_.next(symbols_);
            step_bytes_ += training_.covered(symbols_);
        }
    }

    // The same with the ranks' leaves, of which this rank's are some.
    StepOutcome shared_update(double rate, const std::atomic<bool>& stop) {
        const std::size_t leaves = run_.leaves();
        const LeafRange own = ranks_.share(leaves);
        const std::size_t begin = std::min(own.first * learner_.leaf(), run_.step_sequences);
        const std::size_t end = std::min(own.last * learner_.leaf(), run_.step_sequences);
        learner_.start_at(own.first);
        pass(begin);
        add_sequences(begin, end);
        pass(run_.step_sequences - end);
        wishes_ = (stop ? kStop : 0) | (is_save_due(progress_.step + 1) ? kSave : 0);
        const double bits = ranks_.chain(learner_.own_code_lengths(), wishes_);
        return learner_.update(rate, ranks_.sum(learner_.own_sum(), leaves), bits);
    }

    [[nodiscard]] bool is_validation_due() const {
        return !validation_.empty() &&
               (progress_.step % options_.validate_every == 0 || progress_.step == run_.steps);
    }

    void validate_weights() {
        const double bits = validation_bits();
        require_finite(std::isfinite(bits), "validation loss", progress_.step, options_.learning_rate);
        progress_.validation_bits_per_byte = bits / static_cast<double>(validation_bytes_);
    }

    double validation_bits() {
        if (ranks_.is_alone()) {
            return learner_.coding_bits(validation_, coding_format());
        }
        const LeafRange own = ranks_.share(run_.validation_sequences);
        const std::vector<double> lengths = learner_.coding_lengths(
            std::span(validation_)
                .subspan(own.first * run_.positions(), (own.last - own.first) * run_.positions()),
            coding_format());
        std::uint64_t nothing = 0;
        return ranks_.chain(lengths, nothing);
    }

    [[nodiscard]] std::optional<double> measured_copying() {
        std::optional<CopyScore> score;
        if (!ranks_.is_first()) {
            return std::nullopt;
        }
        learner_.with_coding_weights(coding_format(),
                                     [&](const PackedModel& packed) { score = predict::copy_score(packed); });
        return score ? std::optional(score->value()) : std::nullopt;
    }

    [[nodiscard]] bool is_sample_due() const {
        return options_.sample_every > 0 &&
               (progress_.step % options_.sample_every == 0 || progress_.step == run_.steps);
    }

    [[nodiscard]] std::string drawn_sample() {
        std::string text;
        learner_.with_coding_weights(coding_format(), [&](const PackedModel& packed) {
            const std::uint64_t reset = default_reset(packed.config());
            const PredictorMaker maker = run_.has_vocabulary()
                                             ? token_bytes_predictors(packed, reset)
                                             : network_predictors(packed, {.reset_every = reset});
            const std::unique_ptr<Predictor> predictor = maker.make();
            Drawer drawer(1, false);
            const std::string& prompt = options_.sample_prompt;
            draw_text(*predictor, {reinterpret_cast<const std::uint8_t*>(prompt.data()), prompt.size()},
                      options_.sample_bytes, drawer,
                      [&](std::uint8_t byte) { text += static_cast<char>(byte); });
        });
        return text;
    }

    // A record names the bytes that were read by their hash, so it must not be written for others.
    void require_unchanged_data(LookAgain look) const {
        ranks_.together([&] {
            try {
                training_.require_unchanged(look);
                held_out_.require_unchanged(look);
            } catch (const Error& error) {
                fail(error.what(),
                     ", so nobody can say which bytes the model has seen, and none is written; start the "
                     "run anew with data that stay as they are");
            }
        });
    }

    void save() const {
        require_unchanged_data(LookAgain::where_touched);
        ranks_.together([&] {
            if (ranks_.is_first()) {
                save_state(options_.out / kStateFile, progress_, learner_.exact_weights(), learner_.moments(),
                           learner_.row_steps());
            }
        });
    }

    void write_status(const char* status) const {
        if (!ranks_.is_first()) {
            return;
        }
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
        return content_sample(ranges,
                              [this](std::size_t range, ByteSpan part) { training_.forget(range, part); });
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
        bool is_missing = false;
        ranks_.together([&] {
            is_missing = ranks_.is_first() && (!std::filesystem::exists(file) || peek_model_id(file) != id);
        });
        Bytes answer{static_cast<std::uint8_t>(is_missing ? 1 : 0)};
        ranks_.broadcast(answer);
        if (answer.front() != 0) {
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

    // What a rank wants all to do after a step.
    static constexpr std::uint64_t kStop = 1;
    static constexpr std::uint64_t kSave = 2;

    const ResolvedRun& run_;
    Ranks& ranks_;
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
    std::size_t drawn_ = 0;           // sequences since pages of large data were forgotten
    std::vector<Symbol> validation_;  // [validation_sequences, T]
    std::uint64_t validation_bytes_ = 0;
    std::uint64_t step_bytes_ = 0;  // that the step's sequences are
    std::uint64_t first_step_ = 0;
    std::uint64_t wishes_ = 0;  // of all ranks
    Clock::time_point saved_;
    double first_bits_ = 0;  // of the run's first step, when this process made it
};

}  // namespace

TrainResult train(const TrainOptions& asked, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop, const std::function<void(const ResolvedRun&)>& on_start) {
    Ranks alone;
    return train(asked, on_step, stop, on_start, alone);
}

TrainResult train(const TrainOptions& wanted, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop, const std::function<void(const ResolvedRun&)>& on_start,
                  Ranks& ranks) {
    const FloatStateGuard guard;
    const Clock::time_point start = Clock::now();
    TrainOptions asked = wanted;
    std::optional<Corpus> training_data;
    std::optional<Corpus> validation_data;
    std::optional<FileLock> lock;
    ranks.together([&] {
        if (!asked.tokenizer.empty()) {
            asked.vocabulary = std::make_shared<const Vocabulary>(load_vocabulary(asked.tokenizer));
            asked.config.alphabet = asked.vocabulary->size();
        }
        check_options(asked);
        if (!asked.from.empty()) {
            asked.from_id = first_model_id(asked);
        }
        if (asked.minutes > 0.0 && !ranks.is_alone()) {
            fail_usage("minutes are measured by one process alone; give ", ranks.size(),
                       " ranks tokens instead");
        }
        training_data.emplace(asked.data);
        validation_data.emplace(asked.validation);
        if (asked.vocabulary != nullptr) {
            training_data->tokenise(asked.vocabulary, ~std::uint64_t{0});
            training_data->require_length(asked.config.context);
            validation_data->tokenise(asked.vocabulary, asked.validation_bytes);
        } else {
            for (const std::optional<Corpus>* corpus : {&training_data, &validation_data}) {
                (*corpus)->require_length(asked.config.context);
                (*corpus)->require_alphabet(asked.config.alphabet);
            }
        }
        if (ranks.is_first()) {
            require_no_data_among_results(asked);
            make_folder(asked.out);
            lock.emplace(asked.out / kLockFile, FileLock::Wait::no);
            if (!lock->held()) {
                fail("another process trains in ", asked.out.string(),
                     "; wait for it or name another folder");
            }
            require_free_folder(asked);
        }
    });
    const Corpus& training = *training_data;
    const Corpus& validation = *validation_data;
    ranks.require_same(facts_of(asked, training, validation));

    std::optional<TrainingState> saved;
    if (asked.resume) {
        saved = saved_state(asked.out / kStateFile, ranks);
    }
    const TrainOptions options = saved ? with_saved_rates(asked, saved->progress.options) : asked;
    // A resumed run keeps its length unless another one is asked for.
    const bool keeps_length = saved && options.tokens == 0;
    const SymbolRate rate = training.rate();
    ResolvedRun run = resolve_run(options, validation, keeps_length ? saved->progress.steps : 0, rate);
    if (run.steps == 0) {
        const double left = options.minutes * 60.0 - seconds_between(start, Clock::now());
        run = resolve_run(options, validation, steps_for(left, run, training, options.validate_every, stop),
                          rate);
    }
    TrainingProgress progress;
    if (saved) {
        ranks.together([&] { require_same_run(saved->progress, run, training, validation); });
        progress = saved->progress;
    } else {
        ranks.together([&] {
            if (ranks.is_first()) {
                remove_old_run(options.out);
            }
        });
        progress.config = options.config;
        progress.training = training.sources();
        progress.validation = validation.sources();
    }
    const bool is_validation_seen = tell_warnings(options, run, training, validation, ranks.size());
    progress.options = record_text(run);
    progress.vocabulary = options.vocabulary;
    progress.steps = run.steps;
    if (on_start) {
        on_start(run);
    }
    Run process(run, training, validation, std::move(progress), start, ranks);
    if (saved) {
        process.restore(*std::move(saved));
    }
    saved.reset();  // its tensors would stay in memory for the whole run
    TrainResult result = process.finish(on_step, stop);
    result.is_validation_seen = is_validation_seen;
    return result;
}

}  // namespace bitlaw::train
