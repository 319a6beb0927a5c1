#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/model/config_choice.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/trainer.hpp"
#include "commands.hpp"
#include "data_names.hpp"
#include "failure.hpp"
#include "on_ranks.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace kernels;
using namespace model;
using namespace train;

namespace {

std::string list_of(const std::vector<std::string>& names) {
    constexpr std::size_t kMaxShown = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kMaxShown); ++i) {
        text += (text.empty() ? "" : ", ") + printable(names[i]);
    }
    if (names.size() > kMaxShown) {
        text += text_of(" and ", names.size() - kMaxShown, " more files");
    }
    return text.empty() ? "none" : text;
}

// Throws when one of the files cannot be opened: told before the plan is shown, not after it.
void require_readable(const std::vector<std::string>& ranges) {
    for (const std::string& text : ranges) {
        (void)MappedFile(parse_range(parse_weighted_range(text).range).path);
    }
}

// The values in force, before the work begins.
void show_run(const ResolvedRun& run, const Ranks& ranks) {
    const TrainOptions& o = run.options;
    note(text_of("network     ", o.preset, ": ", describe(o.config)));
    note(text_of("data        ", list_of(o.data)));
    note(text_of("validation  ", list_of(o.validation)));
    note(text_of("budget      ", with_commas(run.tokens()), " bytes in ", with_commas(run.steps),
                 run.steps == 1 ? " step" : " steps", " of ", with_commas(run.step_tokens())));
    note(text_of("optimizer   AdamW, peak learning rate ", o.learning_rate, ", warm-up ", o.warmup,
                 ", decay ", o.decay, ", betas ", o.beta1, " ", o.beta2, ", epsilon ", o.epsilon,
                 ", weight decay ", o.weight_decay, ", clip ", o.clip, ", seed ", o.seed));
    if (o.optimizer == Optimizer::muon) {
        note(text_of("            Muon for the layers' matrices, peak learning rate ", o.matrix_learning_rate,
                     ", momentum ", o.momentum));
    }
    note(text_of("running on  ", ranks.is_alone() ? "" : text_of(ranks.size(), " ranks, each of "),
                 thread_count(), thread_count() == 1 ? " thread, " : " threads, ", isa_name(chosen_isa())));
    note(text_of("result      ", (o.out / kModelFile).string(), ", weights in ",
                 weight_format_name(o.weight_format), o.resume ? ", resumed" : ""));
}

std::string validation_line(const StepReport& r) {
    return fmt::format(
        "step {} of {}, {} bytes: training {:.4f}, validation {:.4f} bits/byte, {:.0f} bytes/s, {:.1f} "
        "GFLOP/s, {:.1f} s",
        with_commas(r.step), with_commas(r.steps), with_commas(r.tokens), r.mean_bits_per_byte,
        r.validation_bits_per_byte, r.tokens_per_second, r.gflops, r.seconds);
}

int train_on(const TrainArguments& arguments, Ranks& ranks) {
    TrainOptions options = arguments.options;
    options.command = arguments.common.command_line;
    options.config = config_from(options.preset, arguments.network);
    ranks.together([&] {
        options.data = resolve_data(expanded_data(options.data));
        options.validation = resolve_data(expanded_data(options.validation));
        require_readable(options.data);
        require_readable(options.validation);
    });
    const bool speaks = arguments.common.quiet == 0 && ranks.is_first();
    ProgressLine line(speaks);
    std::optional<Progress> progress;
    // Bytes seen by earlier processes of the run: speed and time left are this one's.
    std::uint64_t before = 0;
    double validation = 0;
    const auto on_step = [&](const StepReport& report) {
        if (!progress) {
            before = report.tokens - report.tokens / report.step;
            progress.emplace(report.total_tokens - before);
        }
        if (report.validation_bits_per_byte >= 0) {
            validation = report.validation_bits_per_byte;
            line.clear();
            if (speaks) {
                note(validation_line(report));
            }
        }
        if (line.active() && progress->due()) {
            line.show(
                text_of("step ", report.step, " of ", report.steps, " ",
                        progress->line(report.tokens - before, report.mean_bits_per_byte, report.gflops)));
        }
    };
    if (arguments.common.quiet < 2 && ranks.is_first()) {
        options.warn = [](const std::string& text) { note(printable("bitlaw: train: warning: " + text)); };
    }
    const auto on_start = [&](const ResolvedRun& run) {
        if (speaks) {
            show_run(run, ranks);
        }
    };
    const TrainResult result = train::train(options, on_step, stop_requested(), on_start, ranks);
    line.clear();
    if (speaks) {
        note(fmt::format("done: {}, model {}, {} bytes, training {:.4f}{} bits/byte, {}{:.1f} s",
                         result.model_file.string(), hex64(result.model_id),
                         with_commas(std::filesystem::file_size(result.model_file)),
                         result.record.training_bits_per_byte,
                         validation > 0 ? fmt::format(", validation {:.4f}", validation) : "",
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
