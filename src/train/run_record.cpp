#include "bitlaw/train/run_record.hpp"

#include <algorithm>
#include <map>

#include "bitlaw/base/error.hpp"
#include "bitlaw/train/schedule.hpp"
#include "bitlaw/train/train_fields.hpp"

namespace bitlaw::train {
namespace {

std::map<std::string, std::string> values_of(const std::string& text) {
    std::map<std::string, std::string> values;
    for (const Setting& setting : parse_settings(text, "the run's options")) {
        values[setting.key] = setting.value;
    }
    return values;
}

// The option whose values differ first, those of the schedule left out or not; "" when there is none.
std::string difference(const std::string& left, const std::string& right, bool with_schedule) {
    std::map<std::string, std::string> a = values_of(left);
    std::map<std::string, std::string> b = values_of(right);
    for (const Field<TrainOptions>& field : train_fields()) {
        const auto take = [&](std::map<std::string, std::string>& values) {
            const auto node = values.extract(field.info.record);
            return node.empty() ? std::optional<std::string>() : node.mapped();
        };
        // Both are taken, so that nothing is left that the table knows.
        const auto value_a = take(a);
        const auto value_b = take(b);
        if (value_a != value_b && (with_schedule || !field.info.is_schedule)) {
            return field.info.name;
        }
    }
    // What another version wrote.
    for (const auto& [name, value] : a) {
        if (const auto other = b.extract(name); other.empty() || other.mapped() != value) {
            return name;
        }
    }
    return b.empty() ? "" : b.begin()->first;
}

double number_of(const std::string& text, const std::string& name) {
    try {
        return real_value(record_value(text, name).value_or(""), {-1e300, 1e300});
    } catch (const UsageError&) {
        fail("the saved run's options have no number ", name, "; start the run anew");
    }
}

// Weights that are rounded have to be so from the same step on, with steps chosen at the same times.
void require_same_rounding(const std::string& saved, std::uint64_t saved_steps, std::uint64_t done,
                           const ResolvedRun& run) {
    ResolvedRun before{.options = {}, .steps = saved_steps};
    if (record_value(saved, "weight_bits")) {
        before.options.weight_bits = number_of(saved, "weight_bits");
        before.options.weight_bits_from = number_of(saved, "weight_bits_from");
    }
    const bool is_same = before.options.weight_bits == run.options.weight_bits && saved_steps == run.steps &&
                         before.rounded_from() == run.rounded_from();
    const std::uint64_t rounded = std::min(before.rounded_from(), run.rounded_from());
    if (!is_same && done > rounded) {
        fail_usage(
            "the saved run in ", run.options.out.string(), " has made ", done,
            " steps, and weights are rounded from step ", rounded + 1,
            " on in it or in the one asked for, not in both alike; give the same weight bits and length");
    }
}

}  // namespace

std::string record_text(const ResolvedRun& run) {
    std::string text;
    for (const Field<TrainOptions>& field : train_fields()) {
        if (!field.info.record.empty()) {
            if (const Words words = field.write(run.options); !words.empty()) {
                text += setting_line(field.info.record, words);
            }
        }
    }
    return text;
}

std::optional<std::string> record_value(const std::string& text, const std::string& name) {
    const std::map<std::string, std::string> values = values_of(text);
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
}

TrainOptions with_saved_rates(TrainOptions options, const std::string& saved) {
    if (options.learning_rate == 0.0) {
        options.learning_rate = number_of(saved, "learning_rate");
    }
    if (options.matrix_learning_rate == 0.0 && record_value(saved, "matrix_learning_rate")) {
        options.matrix_learning_rate = number_of(saved, "matrix_learning_rate");
    }
    return options;
}

void require_same_past(const std::string& saved, std::uint64_t saved_steps, std::uint64_t done,
                       const ResolvedRun& run) {
    const std::string now = record_text(run);
    const std::string folder = run.options.out.string();
    if (const std::string name = difference(saved, now, false); !name.empty()) {
        fail_usage("the saved run in ", folder, " has another value of ", name,
                   "; give the same options to resume it, or another folder for a new run");
    }
    if (run.steps < done) {
        fail_usage("the saved run in ", folder, " has made ", done, " steps, more than the ", run.steps,
                   " asked for; ask for more tokens, or for another folder");
    }
    require_same_rounding(saved, saved_steps, done, run);
    const Schedule before{1.0, saved_steps, number_of(saved, "warmup"), number_of(saved, "decay")};
    const Schedule after{1.0, run.steps, run.options.warmup, run.options.decay};
    for (std::uint64_t step = 0; step < done; ++step) {
        if (before.rate(step) != after.rate(step)) {
            fail_usage("with these options step ", step + 1, " of the saved run in ", folder,
                       " would have had another learning rate (", before.rate(step), " of the peak then, ",
                       after.rate(step), " now; options: ", first_difference(saved, now),
                       "); a run takes another length only before its rate falls, with the same steps of "
                       "warm-up");
        }
    }
}

std::string first_difference(const std::string& left, const std::string& right) {
    return difference(left, right, true);
}

}  // namespace bitlaw::train
