#include "bitlaw/train/resolved_run.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/train/learning_rate.hpp"
#include "bitlaw/train/train_fields.hpp"

namespace bitlaw::train {

using namespace model;

std::uint64_t ResolvedRun::rounded_from() const {
    return options.weight_bits == 0.0
               ? kNever
               : static_cast<std::uint64_t>(options.weight_bits_from * static_cast<double>(steps));
}

bool ResolvedRun::is_rounding_due(std::uint64_t done) const {
    constexpr std::uint64_t kTimes = 16;
    const std::uint64_t from = rounded_from();
    const std::uint64_t interval = from >= steps ? 1 : (steps - from + kTimes - 1) / kTimes;
    return done == steps ? from != kNever : done > from && (done - from) % interval == 0;
}

double ResolvedRun::rounded_share(std::uint64_t done) const {
    if (done >= steps) {
        return 1.0;
    }
    const std::uint64_t from = rounded_from();
    const double left = static_cast<double>(steps - done) / static_cast<double>(steps - from);
    return 1.0 - left * left;
}

std::size_t step_sequences(const TrainOptions& options) {
    return static_cast<std::size_t>(
        std::max<std::uint64_t>(options.batch_tokens / options.config.context, 1));
}

void check_options(const TrainOptions& options) {
    constexpr std::size_t kMaxDataRanges = 4096;
    validate(options.config);
    check_fields(train_fields(), options);
    if (options.data.empty()) {
        fail_usage("no training data is given; name at least one file");
    }
    if (options.data.size() > kMaxDataRanges || options.validation.size() > kMaxDataRanges) {
        fail_usage("more than ", kMaxDataRanges, " data files are given; join them to fewer");
    }
    if (options.out.empty()) {
        fail_usage("no folder for the results is given; name one");
    }
    const bool has_vocabulary = options.vocabulary != nullptr;
    if (options.sample_every > 0 && options.config.alphabet > 256 && !has_vocabulary) {
        fail_usage("an alphabet of ", options.config.alphabet,
                   " symbols is no alphabet of bytes, so the model cannot write samples");
    }
    if (options.sample_every > 0 && !has_vocabulary) {
        const std::string& prompt = options.sample_prompt;
        predict::require_in_alphabet({reinterpret_cast<const std::uint8_t*>(prompt.data()), prompt.size()},
                                     options.config.alphabet);
    }
    if (options.tokens != 0 && options.minutes != 0.0) {
        fail_usage("both tokens and minutes are given; choose one of them as the budget");
    }
    const std::uint64_t step = std::uint64_t{step_sequences(options)} * options.config.context;
    // A step that is a little longer is the nearest that whole sequences come to it.
    if (!has_vocabulary && options.tokens != 0 && step > options.tokens + options.tokens / 10) {
        fail_usage("one step of ", with_commas(step),
                   step > options.batch_tokens ? " bytes, one sequence of the context,"
                                               : " bytes, the batch tokens,",
                   " is more than the whole budget of ", with_commas(options.tokens),
                   " tokens; give a smaller ", step > options.batch_tokens ? "context" : "batch",
                   " or more tokens");
    }
    if (peak_matrix_learning_rate(options, 1) == 0.0 &&
        (options.matrix_learning_rate > 0.0 || options.momentum != TrainOptions{}.momentum)) {
        fail_usage(
            "matrix learning rate and momentum are Muon's, and this run has AdamW for all tensors; leave "
            "them out or choose muon");
    }
    if (options.weight_format == WeightFormatId::trellis && options.weight_bits == 0.0) {
        fail_usage("weights in the format trellis need a size; give weight bits, or export a trained model");
    }
    if (options.weight_format == WeightFormatId::fp32 && options.weight_bits > 0.0) {
        fail_usage(
            "weight bits make weights in the format trellis, and this run asks for fp32; leave one out");
    }
    if (options.weight_bits > 0.0 && parameter_count(options.config) > kMaxCodedParameters) {
        fail_usage("the network has ", parameter_count(options.config), " weights, and at most ",
                   kMaxCodedParameters, " can be stored in so many bits each; leave the weight bits out");
    }
    if (!has_vocabulary && !options.validation.empty() && options.validation_bytes < options.config.context) {
        fail_usage("validation_bytes is ", options.validation_bytes,
                   ", which makes no sequence; at least the context of ", options.config.context,
                   " is needed");
    }
}

ResolvedRun resolve_run(const TrainOptions& asked, const Corpus& validation, std::uint64_t steps,
                        const SymbolRate& rate) {
    ResolvedRun run{.options = asked, .rate = rate};
    TrainOptions& o = run.options;
    run.step_sequences = step_sequences(asked);
    std::uint64_t available = 0;
    std::uint64_t available_bytes = 0;
    for (std::size_t r = 0; r < validation.ranges(); ++r) {
        available += validation.length(r) / run.positions();
        available_bytes += validation.bytes(r).size();
    }
    // Of tokens there are only those of the bytes that were asked for.
    run.validation_sequences = static_cast<std::size_t>(
        run.has_vocabulary() ? available
                             : std::min<std::uint64_t>(available, asked.validation_bytes / run.positions()));
    if (run.has_vocabulary() && validation.ranges() > 0 && available == 0) {
        fail_usage("the first ", std::min(asked.validation_bytes, available_bytes),
                   " bytes of the validation data have fewer tokens than one sequence of ", run.positions(),
                   "; give more of them or a smaller context");
    }

    const bool has_budget = asked.tokens > 0 || asked.minutes > 0.0 || steps > 0;
    const std::uint64_t wanted =
        has_budget ? asked.tokens : kTokensPerParameter * parameter_count(asked.config);
    run.steps = steps > 0 || wanted == 0
                    ? steps
                    : std::max<std::uint64_t>(rate.symbols_of(wanted) / run.step_tokens(), 1);

    o.tokens = run.bytes();
    o.batch_tokens = run.step_tokens();
    // The law was fitted to bytes, of which each is one that the network predicts.
    const std::uint64_t predicted = rate.symbols_of(wanted > 0 ? wanted : o.tokens);
    o.learning_rate = peak_learning_rate(asked, predicted);
    o.matrix_learning_rate = peak_matrix_learning_rate(asked, predicted);
    o.optimizer = o.matrix_learning_rate > 0.0 ? Optimizer::muon : Optimizer::adamw;
    if (o.weight_bits > 0.0) {
        o.weight_format = WeightFormatId::trellis;
    }
    o.validation_bytes = run.has_vocabulary() ? std::min(asked.validation_bytes, available_bytes)
                                              : run.validation_sequences * run.positions();
    o.validate_every =
        run.validation_sequences > 0 ? validation_interval(run, asked.validate_every, run.steps) : 0;
    return run;
}

std::uint64_t validation_interval(const ResolvedRun& run, std::uint64_t asked, std::uint64_t steps) {
    if (asked != 0) {
        return asked;
    }
    // A forward pass costs a third of a step, so one validated token in 8 trained ones adds 1 / 24 to the
    // time.
    constexpr std::uint64_t kTrainedPerValidated = 8;
    const std::uint64_t trained = kTrainedPerValidated * run.validation_sequences / run.step_sequences;
    return std::max<std::uint64_t>({(steps + 19) / 20, trained, 1});
}

}  // namespace bitlaw::train
