#include "training_run.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <memory>
#include <utility>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/predict/copying.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/token_bytes.hpp"
#include "bitlaw/train/calibration.hpp"
#include "bitlaw/train/metrics.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/run_warnings.hpp"

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

Model first_model(const TrainOptions& options) {
    if (!options.from.empty()) {
        return load_model(options.from).model;
    }
    Model model = initial_model(options.config, options.seed);
    model.vocabulary = options.vocabulary;
    return model;
}

LearnerOptions options_of(const ResolvedRun& run, const Ranks& ranks) {
    LearnerOptions options = learner_options(run);
    options.keeps_code_lengths = !ranks.is_alone();
    return options;
}

Bytes content_of(const Corpus& training) {
    std::vector<ByteSpan> ranges;
    for (std::size_t range = 0; range < training.ranges(); ++range) {
        ranges.push_back(training.bytes(range));
    }
    return content_sample(ranges, [&](std::size_t range, ByteSpan part) { training.forget(range, part); });
}

}  // namespace

TrainingRun::TrainingRun(const ResolvedRun& run, const Corpus& training, const Corpus& validation,
                         TrainingProgress progress, Clock::time_point start, Ranks& ranks)
    : run_(run),
      ranks_(ranks),
      options_(run.options),
      schedule_{options_.learning_rate, run.steps, options_.warmup, options_.decay},
      start_(start),
      progress_(std::move(progress)),
      training_(training),
      held_out_(validation),
      sequences_(run, training),
      divergence_(options_.config.alphabet, options_.diverged_after, run.rate.bytes_a_symbol()),
      learner_(first_model(options_), options_of(run, ranks)),
      validation_(run, validation) {}

void TrainingRun::restore(TrainingState state) {
    const bool is_rounded = progress_.step >= run_.rounded_from();
    learner_.restore(state.weights, std::move(state.moments),
                     is_rounded ? std::move(state.row_steps) : std::vector<float>{});
    sequences_.seek(progress_.position);
}

TrainResult TrainingRun::finish(const std::function<void(const StepReport&)>& on_step,
                                const std::atomic<bool>& stop) {
    // A run that is the end of another one, which had not rounded.
    if (progress_.step == run_.steps && run_.is_rounding_due(progress_.step) && !learner_.rounds()) {
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

void TrainingRun::round_weights() {
    const double bits = learner_.round_rows(run_.rounded_share(progress_.step), options_.weight_bits,
                                            rounding_sample(run_, training_));
    if (bits > options_.weight_bits && progress_.step == run_.steps && options_.warn && ranks_.is_first()) {
        options_.warn(text_of("the weights take ", bits, " bits each, more than the ", options_.weight_bits,
                              " asked for: what is not in matrices takes 16"));
    }
}

// As weights are stored; while they are not all rounded yet, as those of a run that never rounds.
WeightFormatId TrainingRun::coding_format() const {
    return run_.rounded_from() != ResolvedRun::kNever && progress_.step < run_.steps ? WeightFormatId::bf16
                                                                                     : options_.weight_format;
}

void TrainingRun::run_steps(const std::function<void(const StepReport&)>& on_step,
                            const std::atomic<bool>& stop) {
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
        const bool is_stopped = !is_last && (is_asked_to_stop || progress_.step == options_.stop_after_steps);
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
void TrainingRun::save_result() const {
    require_unchanged_data(LookAgain::everywhere);
    ranks_.together([&] {
        if (ranks_.is_first()) {
            TrainingRecord made = record();
            made.content = content_of(training_);
            save_model(options_.out / kModelFile, learner_.model(), options_.weight_format, made);
        }
    });
    save();
    write_status(trouble().empty() ? "finished" : "diverged");
}

std::string TrainingRun::trouble() const {
    // The only step of a run is measured before it: it says nothing of the model.
    const double trained = progress_.step > 1 ? progress_.mean_bits_per_byte.value : 0.0;
    // A model that was trained before may end above what it began with, at fewer bits a weight say.
    return trouble_of(options_.config, trained, options_.from.empty() ? first_bits_ : 0.0,
                      validation_.empty() ? 0.0 : progress_.validation_bits_per_byte,
                      run_.rate.bytes_a_symbol());
}

// Whether the state is to be saved when so many steps are done.
bool TrainingRun::is_save_due(std::uint64_t steps) const {
    if (options_.save_every > 0) {
        return steps % options_.save_every == 0;
    }
    return ranks_.is_first() && seconds_between(saved_, Clock::now()) >= kSaveSeconds;
}

StepReport TrainingRun::one_step(const std::atomic<bool>& stop) {
    const Clock::time_point begin = Clock::now();
    const double rate = schedule_.rate(progress_.step);
    sequences_.begin_step();
    const StepOutcome outcome = ranks_.is_alone() ? update(rate) : shared_update(rate, stop);
    const double seconds = seconds_between(begin, Clock::now());
    const auto step_bytes = static_cast<double>(sequences_.step_bytes());
    require_finite(outcome.is_finite(), "loss or gradient", progress_.step + 1, options_.learning_rate);
    const double bits_per_byte = outcome.bits / step_bytes;
    if (progress_.step == 0) {
        first_bits_ = bits_per_byte;
    }
    ++progress_.step;
    progress_.tokens += sequences_.step_bytes();
    progress_.position = sequences_.position();
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

StepOutcome TrainingRun::update(double rate) {
    sequences_.add_to(learner_, 0, run_.step_sequences);
    return learner_.update(rate);
}

// The same with the ranks' leaves, of which this rank's are some.
StepOutcome TrainingRun::shared_update(double rate, const std::atomic<bool>& stop) {
    const std::size_t leaves = run_.leaves();
    const LeafRange own = ranks_.share(leaves);
    const std::size_t begin = std::min(own.first * learner_.leaf(), run_.step_sequences);
    const std::size_t end = std::min(own.last * learner_.leaf(), run_.step_sequences);
    learner_.start_at(own.first);
    sequences_.pass(begin);
    sequences_.add_to(learner_, begin, end);
    sequences_.pass(run_.step_sequences - end);
    wishes_ = (stop ? kStop : 0) | (is_save_due(progress_.step + 1) ? kSave : 0);
    const double bits = ranks_.chain(learner_.own_code_lengths(), wishes_);
    return learner_.update(rate, ranks_.sum(learner_.own_sum(), leaves), bits);
}

bool TrainingRun::is_validation_due() const {
    return !validation_.empty() &&
           (progress_.step % options_.validate_every == 0 || progress_.step == run_.steps);
}

void TrainingRun::validate_weights() {
    const double bits = validation_.bits_per_byte(learner_, coding_format(), ranks_);
    require_finite(std::isfinite(bits), "validation loss", progress_.step, options_.learning_rate);
    progress_.validation_bits_per_byte = bits;
}

std::optional<double> TrainingRun::measured_copying() {
    std::optional<CopyScore> score;
    if (!ranks_.is_first()) {
        return std::nullopt;
    }
    learner_.with_coding_weights(coding_format(),
                                 [&](const PackedModel& packed) { score = predict::copy_score(packed); });
    return score ? std::optional(score->value()) : std::nullopt;
}

bool TrainingRun::is_sample_due() const {
    return options_.sample_every > 0 &&
           (progress_.step % options_.sample_every == 0 || progress_.step == run_.steps);
}

std::string TrainingRun::drawn_sample() {
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
                  options_.sample_bytes, drawer, [&](std::uint8_t byte) { text += static_cast<char>(byte); });
    });
    return text;
}

// A record names the bytes that were read by their hash, so it must not be written for others.
void TrainingRun::require_unchanged_data(LookAgain look) const {
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

void TrainingRun::save() const {
    require_unchanged_data(LookAgain::where_touched);
    ranks_.together([&] {
        if (ranks_.is_first()) {
            save_state(options_.out / kStateFile, progress_, learner_.model().weights, learner_.moments(),
                       learner_.row_steps());
        }
    });
}

void TrainingRun::write_status(const char* status) const {
    if (!ranks_.is_first()) {
        return;
    }
    write_run_file(options_.out / kRunFile, run_,
                   {.status = status,
                    .first_step = first_step_,
                    .last_step = progress_.step,
                    .seconds = seconds_between(start_, Clock::now())});
}

void TrainingRun::note_failure() const noexcept {
    try {
        write_status("failed");
    } catch (const std::exception&) {
        // A full disk, say: the failure that is on its way tells more.
    }
}

TrainingRecord TrainingRun::record() const {
    return {.training = progress_.training,
            .validation = progress_.validation,
            .seed = options_.seed,
            .steps = progress_.step,
            .tokens = progress_.tokens,
            .options = progress_.options,
            .training_bits_per_byte = progress_.mean_bits_per_byte.value,
            .validation_bits_per_byte = progress_.validation_bits_per_byte};
}

TrainResult TrainingRun::result() {
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

}  // namespace bitlaw::train
