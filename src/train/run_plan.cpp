#include "bitlaw/train/run_plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>
#include <string_view>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/train/learning_rate.hpp"
#include "bitlaw/train/schedule.hpp"

namespace bitlaw::train {

using namespace model;

namespace {

// A batch beyond this would keep one step busy for hours; the bound also keeps products of sizes within 64
// bits.
constexpr std::uint64_t kMostBatchTokens = std::uint64_t{1} << 32;
constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 56;
constexpr std::uint64_t kMostValidationBytes = std::uint64_t{1} << 32;
constexpr std::size_t kMostDataRanges = 4096;

void require(bool holds, const char* option, const std::string& value, const char* rule) {
    if (!holds) {
        fail_usage(option, " ", value, " makes no sense: it must be ", rule);
    }
}

void require_number(double value, const char* option, double least, double most, const char* rule) {
    require(value >= least && value <= most, option, exact_text(value), rule);
}

void check_budget(const TrainOptions& options) {
    require_number(options.minutes, "minutes", 0.0, 1e6, "0 to 1,000,000");
    require(options.tokens <= kMostTokens, "tokens", std::to_string(options.tokens), "at most 2^56");
    if (options.tokens != 0 && options.minutes != 0.0) {
        fail_usage("both tokens and minutes are given; choose one of them as the budget");
    }
    if (options.tokens == 0 && options.minutes == 0.0 && !options.resume) {
        fail_usage("no budget is given; say how long to train in tokens or in minutes");
    }
}

// Lines of options_text that leave the steps done as they are, as long as their rates stay.
constexpr std::array<std::string_view, 5> kScheduleLines{
    "tokens=", "warmup=", "decay=", "validate_every=", "validation_bytes="};

std::string without_schedule(const std::string& text) {
    std::string kept;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (std::none_of(kScheduleLines.begin(), kScheduleLines.end(),
                         [&](std::string_view name) { return line.starts_with(name); })) {
            kept += line + '\n';
        }
    }
    return kept;
}

double number_of(const std::string& text, const std::string& name) {
    const std::string value = option_value(text, name).value_or("");
    double number = 0.0;
    const char* const end = value.data() + value.size();
    if (value.empty() || std::from_chars(value.data(), end, number).ptr != end) {
        fail("the saved run's options have no number ", name, "; start the run anew");
    }
    return number;
}

}  // namespace

void check_options(const TrainOptions& options) {
    validate(options.config);
    if (options.data.empty()) {
        fail_usage("no training data is given; name at least one file");
    }
    if (options.data.size() > kMostDataRanges || options.validation.size() > kMostDataRanges) {
        fail_usage("more than ", kMostDataRanges, " data files are given; join them to fewer");
    }
    if (options.out.empty()) {
        fail_usage("no folder for the results is given; name one");
    }
    check_budget(options);
    require(options.batch_tokens >= 1 && options.batch_tokens <= kMostBatchTokens, "batch tokens",
            std::to_string(options.batch_tokens), "1 to 2^32");
    const std::uint64_t step = std::uint64_t{step_sequences(options)} * options.config.context;
    // A step that is a little longer is the nearest that whole sequences come to it.
    if (options.tokens != 0 && step > options.tokens + options.tokens / 10) {
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
    require_number(options.learning_rate, "learning rate", 0.0, 1000.0, "0 (the default) to 1000");
    require_number(options.matrix_learning_rate, "matrix learning rate", 0.0, 1000.0,
                   "0 (the default) to 1000");
    require_number(options.momentum, "momentum", 0.0, 0.9999999, "0 to 0.9999999");
    require_number(options.warmup, "warmup", 0.0, 1.0, "a share of the run, 0 to 1");
    require_number(options.decay, "decay", 0.0, 1.0, "a share of the run, 0 to 1");
    // Just below 1, where the float that the kernel computes with still is.
    require_number(options.beta1, "beta1", 0.0, 0.9999999, "0 to 0.9999999");
    require_number(options.beta2, "beta2", 0.0, 0.9999999, "0 to 0.9999999");
    require_number(options.epsilon, "epsilon", 1e-30, 1.0, "1e-30 to 1");
    require_number(options.weight_decay, "weight decay", 0.0, 1000.0, "0 to 1000");
    require_number(options.clip, "clip", 0.0, 1e30, "0 (none) to 1e30");
    require(options.validation_bytes <= kMostValidationBytes, "validation bytes",
            std::to_string(options.validation_bytes), "at most 2^32");
    if (!options.validation.empty() && options.validation_bytes < options.config.context) {
        fail_usage("validation bytes ", options.validation_bytes,
                   " make no sequence; at least the context of ", options.config.context, " is needed");
    }
}

std::size_t step_sequences(const TrainOptions& options) {
    return static_cast<std::size_t>(
        std::max<std::uint64_t>(options.batch_tokens / options.config.context, 1));
}

RunPlan make_plan(const TrainOptions& options, const Corpus& validation, std::uint64_t steps) {
    RunPlan plan;
    plan.positions = options.config.context;
    plan.step_sequences = step_sequences(options);
    std::uint64_t available = 0;
    for (std::size_t r = 0; r < validation.ranges(); ++r) {
        available += validation.bytes(r).size() / plan.positions;
    }
    plan.validation_sequences = static_cast<std::size_t>(
        std::min<std::uint64_t>(available, options.validation_bytes / plan.positions));
    if (steps == 0 && options.tokens > 0) {
        steps = std::max<std::uint64_t>(options.tokens / plan.step_tokens(), 1);
    }
    set_steps(plan, steps, options.validate_every);
    set_rates(plan, options);
    return plan;
}

void set_rates(RunPlan& plan, const TrainOptions& options) {
    const std::uint64_t bytes = options.tokens > 0 ? options.tokens : plan.tokens();
    plan.learning_rate = peak_learning_rate(options, bytes);
    plan.matrix_learning_rate = peak_matrix_learning_rate(options, bytes);
}

TrainOptions with_saved_rates(TrainOptions options, const std::string& saved) {
    if (options.learning_rate == 0.0) {
        options.learning_rate = number_of(saved, "learning_rate");
    }
    if (options.matrix_learning_rate == 0.0 && option_value(saved, "matrix_learning_rate")) {
        options.matrix_learning_rate = number_of(saved, "matrix_learning_rate");
    }
    return options;
}

void set_steps(RunPlan& plan, std::uint64_t steps, std::uint64_t validate_every_option) {
    plan.steps = steps;
    plan.validate_every = validate_every_option;
    if (validate_every_option == 0) {
        // A forward pass costs a third of a step, so one validated token in 8 trained ones adds 1 / 24 to the
        // time.
        constexpr std::uint64_t kTrainedPerValidated = 8;
        const std::uint64_t trained = kTrainedPerValidated * plan.validation_sequences / plan.step_sequences;
        plan.validate_every = std::max<std::uint64_t>({(steps + 19) / 20, trained, 1});
    }
}

std::string options_text(const TrainOptions& options, const RunPlan& plan) {
    std::string text;
    const auto line = [&](const char* name, const std::string& value) { text += setting_line(name, value); };
    line("preset", options.preset);
    line("precision", arithmetic_name(options.config.arithmetic));
    line("cache", cache_name(options.config.cache));
    line("model_precision", precision_name(options.precision));
    line("seed", std::to_string(options.seed));
    std::string weights;
    for (const std::string& data : options.data) {
        if (const auto weight = parse_weighted_range(data).weight) {
            weights += (weights.empty() ? "" : ",") + exact_text(*weight);
        }
    }
    if (!weights.empty()) {
        line("weights", weights);
    }
    line("tokens", std::to_string(plan.tokens()));
    line("batch_tokens", std::to_string(plan.step_tokens()));
    line("learning_rate", exact_text(plan.learning_rate));
    if (plan.matrix_learning_rate > 0.0) {
        line("matrix_learning_rate", exact_text(plan.matrix_learning_rate));
        line("momentum", exact_text(options.momentum));
    }
    line("warmup", exact_text(options.warmup));
    line("decay", exact_text(options.decay));
    line("beta1", exact_text(options.beta1));
    line("beta2", exact_text(options.beta2));
    line("epsilon", exact_text(options.epsilon));
    line("weight_decay", exact_text(options.weight_decay));
    line("clip", exact_text(options.clip));
    line("validate_every", std::to_string(plan.validation_sequences > 0 ? plan.validate_every : 0));
    line("validation_bytes", std::to_string(plan.validation_sequences * plan.positions));
    return text;
}

std::optional<std::string> option_value(const std::string& text, const std::string& name) {
    for (const Setting& setting : parse_settings(text, "the run's options")) {
        if (setting.key == name) {
            return setting.value;
        }
    }
    return std::nullopt;
}

void require_same_past(const std::string& saved, std::uint64_t saved_steps, std::uint64_t done,
                       const TrainOptions& options, const RunPlan& plan) {
    const std::string now = options_text(options, plan);
    const std::string difference = first_difference(without_schedule(saved), without_schedule(now));
    if (!difference.empty()) {
        fail_usage("the saved run in ", options.out.string(), " has another value of ", difference,
                   "; give the same options to resume it, or another folder for a new run");
    }
    if (plan.steps < done) {
        fail_usage("the saved run in ", options.out.string(), " has made ", done, " steps, more than the ",
                   plan.steps, " asked for; ask for more tokens, or for another folder");
    }
    const Schedule before{1.0, saved_steps, number_of(saved, "warmup"), number_of(saved, "decay")};
    const Schedule after{1.0, plan.steps, options.warmup, options.decay};
    for (std::uint64_t step = 0; step < done; ++step) {
        if (before.rate(step) != after.rate(step)) {
            fail_usage("with these options step ", step + 1, " of the saved run in ", options.out.string(),
                       " would have had another learning rate (", before.rate(step), " of the peak then, ",
                       after.rate(step), " now; options: ", first_difference(saved, now),
                       "); a run takes another length only before its rate falls, with the same steps of "
                       "warm-up");
        }
    }
}

std::string first_difference(const std::string& left, const std::string& right) {
    std::istringstream left_lines(left);
    std::istringstream right_lines(right);
    while (true) {
        std::string a;
        std::string b;
        const bool has_a = static_cast<bool>(std::getline(left_lines, a));
        const bool has_b = static_cast<bool>(std::getline(right_lines, b));
        if (!has_a && !has_b) {
            return "";
        }
        if (a != b || has_a != has_b) {
            const std::string& named = has_a ? a : b;
            return named.substr(0, named.find('='));
        }
    }
}

}  // namespace bitlaw::train
