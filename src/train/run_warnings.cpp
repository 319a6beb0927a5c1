#include "bitlaw/train/run_warnings.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/learn/gradient_sum.hpp"
#include "bitlaw/train/overlap.hpp"

namespace bitlaw::train {

using namespace model;
using namespace learn;

namespace {

using Warnings = std::vector<std::string>;

std::string bytes(std::uint64_t count) { return with_commas(count) + (count == 1 ? " byte" : " bytes"); }

// What the network predicts.
std::string positions(std::uint64_t count, const ResolvedRun& run) {
    return run.has_vocabulary() ? with_commas(count) + (count == 1 ? " token" : " tokens") : bytes(count);
}

void add_sizes(Warnings& list, const TrainOptions& options, const ResolvedRun& run) {
    const std::uint64_t step = run.step_tokens();
    if (step != options.batch_tokens && !options.resume) {
        list.push_back(text_of("a step has ", positions(step, run), ", whole sequences of ",
                               with_commas(run.positions()), ", and not the ",
                               with_commas(options.batch_tokens), " of the batch"));
    }
    // Up to a tenth is what whole steps leave over.
    if (options.tokens > 0 &&
        (run.bytes() > options.tokens || run.bytes() < options.tokens - options.tokens / 10)) {
        list.push_back(text_of("the run has ", bytes(run.bytes()), ", ", run.steps,
                               run.steps == 1 ? " step" : " steps", " of ", with_commas(step),
                               ", and not the ", with_commas(options.tokens), " asked for"));
    }
    if (options.tokens == 0 && options.minutes > 0.0 && run.steps == 1 && !options.resume) {
        list.push_back(text_of("one step of ", positions(step, run),
                               " is all that the run has, and it may take longer than ", options.minutes,
                               " minutes"));
    }
    const std::uint64_t leaf = leaf_sequences(run.positions()) * run.positions();
    const std::uint64_t wanted = options.micro_batch_tokens;
    if (wanted != 0 && (wanted < run.positions() || wanted > leaf)) {
        list.push_back(text_of(
            "micro-batches have ", positions(std::clamp<std::uint64_t>(wanted, run.positions(), leaf), run),
            wanted < run.positions() ? ", a whole sequence" : ", the most that are computed at once",
            ", and not the ", with_commas(wanted), " asked for"));
    }
}

void add_schedule(Warnings& list, const TrainOptions& options, const ResolvedRun& run) {
    const TrainOptions defaults;
    const auto whole = [&](double share) {
        return static_cast<std::uint64_t>(share * static_cast<double>(run.steps));
    };
    const auto check = [&](const char* what, double share, double by_default) {
        if (share > 0.0 && share != by_default && whole(share) == 0) {
            list.push_back(text_of("the ", what, " of ", share, " is no whole step of ", run.steps,
                                   ", so there is none"));
        }
    };
    check("warm-up", options.warmup, defaults.warmup);
    check("decay", options.decay, defaults.decay);
    // Where rising and falling lines cross: steps / (rising + falling) of the peak.
    const double both = static_cast<double>(whole(options.warmup) + whole(options.decay));
    const double reached = static_cast<double>(run.steps) / std::max(both, 1.0);
    constexpr double kNearPeak = 0.9;
    if (reached < kNearPeak) {
        list.push_back(text_of("warm-up and decay overlap, so the learning rate reaches ",
                               std::lround(100.0 * reached), " % of its peak"));
    }
}

void add_validation(Warnings& list, const TrainOptions& options, const ResolvedRun& run,
                    const Corpus& validation) {
    const TrainOptions defaults;
    const bool has_default = options.validation_bytes == defaults.validation_bytes;
    if (validation.ranges() == 0) {
        // 0 is what a run without them leaves in its train.conf.
        if ((!has_default && options.validation_bytes != 0) || options.validate_every != 0) {
            list.emplace_back("there are no validation data, so validation bytes and intervals do nothing");
        }
        return;
    }
    const std::uint64_t used = run.validation_sequences * run.positions();
    if (!has_default && !run.has_vocabulary() && used + run.positions() <= options.validation_bytes) {
        list.push_back(text_of("the validation data have whole sequences of ", bytes(used), ", and not the ",
                               with_commas(options.validation_bytes), " asked for"));
    }
    // What a run chose by itself, its train.conf may ask for.
    if (options.validate_every > run.steps &&
        options.validate_every != validation_interval(run, 0, run.steps)) {
        list.push_back(text_of("the run has ", run.steps, run.steps == 1 ? " step" : " steps",
                               ", so it is validated at its end only and not every ",
                               options.validate_every));
    }
}

// Ranges whose share of the sequences rounds to none.
void add_unread(Warnings& list, const TrainOptions& options, const ResolvedRun& run, const Corpus& training) {
    const auto sequences = static_cast<double>(run.steps) * static_cast<double>(run.step_sequences);
    for (std::size_t r = 0; r < training.weights().size(); ++r) {
        if (training.weights()[r] * sequences < 0.5) {
            list.push_back(text_of(options.data[r], " is hardly read: its share of the run's ",
                                   run.steps * run.step_sequences, " sequences is less than one"));
        }
    }
}

}  // namespace

std::vector<std::string> run_warnings(const TrainOptions& options, const ResolvedRun& run,
                                      const Corpus& training, const Corpus& validation) {
    Warnings list;
    add_sizes(list, options, run);
    add_schedule(list, options, run);
    add_validation(list, options, run, validation);
    add_unread(list, options, run, training);
    return list;
}

bool tell_warnings(const TrainOptions& options, const ResolvedRun& run, const Corpus& training,
                   const Corpus& validation, std::size_t ranks) {
    if (!options.warn) {
        return false;
    }
    if (run.leaves() < ranks) {
        const std::size_t idle = ranks - run.leaves();
        options.warn(text_of("a step has ", run.leaves(), run.leaves() == 1 ? " leaf" : " leaves", " of ",
                             positions(leaf_sequences(run.positions()) * run.positions(), run), ", so ", idle,
                             " of ", ranks, idle == 1 ? " ranks has" : " ranks have",
                             " nothing to do; start fewer ranks or make the batch larger"));
    }
    for (const std::string& warning : run_warnings(options, run, training, validation)) {
        options.warn(warning);
    }
    const Overlap overlap = overlap_of(training, validation, run.options.validation_bytes);
    if (overlap.is_any()) {
        options.warn(overlap_text(overlap, "validation bytes", "the training data") +
                     ", so the validation rate is in-sample");
    }
    return overlap.is_any();
}

std::string trouble_of(const ModelConfig& config, double training_bits, double first_bits,
                       double validation_bits, double bytes_a_symbol) {
    // Untrained networks of modern begin at exactly this, but for rounding.
    constexpr double kRounding = 1.001;
    const double without_model = std::log2(config.alphabet) / bytes_a_symbol;
    const auto rate = [](double bits) { return fixed_text(bits, 4) + " bits/byte"; };
    constexpr const char* kAdvice = "; train anew with a lower learning rate, a longer warm-up or other data";
    if (!(training_bits <= kRounding * without_model)) {
        return text_of("the run ended at ", rate(training_bits), " in training, more than the ",
                       without_model, " of no model at all", kAdvice);
    }
    if (first_bits > 0.0 && training_bits > kRounding * first_bits) {
        return text_of("the run ended at ", rate(training_bits), " in training, above the ", rate(first_bits),
                       " that it began with", kAdvice);
    }
    if (!(validation_bits <= kRounding * without_model)) {
        return text_of("the run ended at ", rate(validation_bits), " of the validation data, more than the ",
                       without_model,
                       " of no model at all; they may be of another kind than the training data, or those "
                       "learned by heart");
    }
    return "";
}

}  // namespace bitlaw::train
