#include <fmt/core.h>

#include <filesystem>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/config_choice.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/run_record.hpp"
#include "bitlaw/train/trainer.hpp"
#include "commands.hpp"
#include "data_names.hpp"
#include "failure.hpp"
#include "on_ranks.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"
#include "train_watch.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace train;

namespace {

// Throws when one of the files cannot be opened: told before the plan is shown, not after it.
void require_readable(const std::vector<std::string>& ranges) {
    for (const std::string& text : ranges) {
        (void)MappedFile(parse_range(parse_weighted_range(text).range).path);
    }
}

// The network of the model that the run begins with.
void take_network(TrainOptions& options, const TrainArguments& arguments) {
    if (!arguments.network.empty()) {
        fail_usage("--from brings its own network; leave out --", arguments.network.begin()->first);
    }
    const StoredModel model = load_model(options.from);
    options.config = model.model.config;
    options.preset = record_value(model.record.options, "preset").value_or("");
}

int train_on(const TrainArguments& arguments, Ranks& ranks) {
    TrainOptions options = arguments.options;
    options.command = arguments.common.command_line;
    if (options.from.empty()) {
        options.config = config_from(options.preset, arguments.network);
    } else {
        take_network(options, arguments);
    }
    ranks.together([&] {
        options.data = resolve_data(expanded_data(options.data));
        options.validation = resolve_data(expanded_data(options.validation));
        require_readable(options.data);
        require_readable(options.validation);
    });
    const bool speaks = arguments.common.quiet == 0 && ranks.is_first();
    TrainWatch watch(speaks, ranks.size());
    if (arguments.common.quiet < 2 && ranks.is_first()) {
        options.warn = [](const std::string& text) { note(printable("bitlaw: train: warning: " + text)); };
    }
    const TrainResult result = train::train(
        options, [&](const StepReport& report) { watch.step(report); }, stop_requested(),
        [&](const ResolvedRun& run) { watch.begin(run); }, ranks);
    watch.end();
    if (speaks) {
        const std::optional<double> validation = watch.validation();
        note(fmt::format("done: {}, model {}, {} bytes, training {:.4f}{} bits/byte, {}{:.1f} s",
                         result.model_file.string(), hex64(result.model_id),
                         with_commas(std::filesystem::file_size(result.model_file)),
                         result.record.training_bits_per_byte,
                         validation ? fmt::format(", validation {:.4f}", *validation) : "",
                         result.is_validation_seen ? "in-sample, " : "", result.seconds));
    }
    if (!result.trouble.empty()) {
        ranks.settle();
        fail(result.trouble);
    }
    return kDone;
}

}  // namespace

int run_train(const TrainArguments& arguments) {
    return on_ranks("train", arguments.common.quiet > 1,
                    [&](Ranks& ranks) { return train_on(arguments, ranks); });
}

}  // namespace bitlaw::cli
