#include <algorithm>
#include <filesystem>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/learning_rate.hpp"
#include "bitlaw/train/run_plan.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace kernels;
using namespace model;
using namespace train;

namespace {

std::string list_of(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + printable(name);
    }
    return text.empty() ? "none" : text;
}

std::string budget(const TrainOptions& o) {
    if (o.resume && o.tokens == 0) {
        return "as the run began";
    }
    const std::uint64_t step = std::uint64_t{step_sequences(o)} * o.config.context;
    const std::uint64_t steps = std::max<std::uint64_t>(o.tokens / step, 1);
    return o.minutes > 0 ? text_of("what fits into ", o.minutes, " minutes")
                         : text_of(with_commas(steps * step), " bytes, ", with_commas(steps),
                                   steps == 1 ? " step" : " steps");
}

// Throws when one of the files cannot be opened: told before the plan is shown, not after it.
void require_readable(const std::vector<std::string>& ranges) {
    for (const std::string& text : ranges) {
        (void)MappedFile(parse_range(parse_weighted_range(text).range).path);
    }
}

// The values in force, before the work begins.
void show_plan(const TrainOptions& o) {
    note(text_of("network     ", o.preset, ": ", describe(o.config)));
    note(text_of("data        ", list_of(o.data)));
    note(text_of("validation  ", list_of(o.validation)));
    const std::uint64_t step = std::uint64_t{step_sequences(o)} * o.config.context;
    note(text_of("budget      ", budget(o), ", ", with_commas(step), " bytes a step"));
    const auto rate = [&](double given, double by_default) {
        return given > 0.0     ? text_of(given)
               : o.resume      ? std::string("of the saved run")
               : o.tokens == 0 ? std::string("by width and bytes")
                               : text_of(by_default);
    };
    note(text_of("optimizer   AdamW, peak learning rate ",
                 rate(o.learning_rate, peak_learning_rate(o, o.tokens)), ", warm-up ", o.warmup, ", decay ",
                 o.decay, ", betas ", o.beta1, " ", o.beta2, ", epsilon ", o.epsilon, ", weight decay ",
                 o.weight_decay, ", clip ", o.clip, ", seed ", o.seed));
    if (const double matrix_rate = peak_matrix_learning_rate(o, o.tokens); matrix_rate > 0) {
        note(text_of("            Muon for the layers' matrices, peak learning rate ",
                     rate(o.matrix_learning_rate, matrix_rate), ", momentum ", o.momentum));
    }
    note(text_of("running on  ", thread_count(), thread_count() == 1 ? " thread, " : " threads, ",
                 isa_name(chosen_isa())));
    note(text_of("result      ", (o.out / kModelFile).string(), ", weights in ", precision_name(o.precision),
                 o.resume ? ", resumed" : ""));
}

std::string validation_line(const StepReport& r) {
    return text_of("step ", with_commas(r.step), " of ", with_commas(r.steps), ", ", with_commas(r.tokens),
                   " bytes: training ", number_cell(r.mean_bits_per_byte, 4).shown, ", validation ",
                   number_cell(r.validation_bits_per_byte, 4).shown, " bits/byte, ",
                   number_cell(r.tokens_per_second, 0).shown, " bytes/s, ", number_cell(r.gflops, 1).shown,
                   " GFLOP/s, ", number_cell(r.seconds, 1).shown, " s");
}

// Integer arithmetic, so that the same request gives the same config everywhere.
std::uint32_t in_proportion(std::uint32_t value, std::uint32_t width, std::uint32_t preset_width) {
    const std::uint64_t scaled = std::uint64_t{value} * width / preset_width;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(scaled, 1, UINT32_MAX));
}

}  // namespace

ModelConfig resolve_config(const std::string& preset, const ConfigOverrides& overrides) {
    const ModelConfig original = preset_config(preset);
    ModelConfig config = original;
    config.architecture = overrides.architecture.value_or(config.architecture);
    config.arithmetic = overrides.arithmetic.value_or(config.arithmetic);
    const Family& family = family_of(config.architecture);
    config.cache = overrides.cache.value_or(config.architecture == original.architecture ? original.cache
                                                                                         : family.cache);
    config.width = overrides.width.value_or(config.width);
    config.layers = overrides.layers.value_or(config.layers);
    config.taps = overrides.taps.value_or(family.cuts_context ? 0 : config.taps);
    config.rotary_base = overrides.rotary_base.value_or(config.rotary_base);
    config.context = overrides.context.value_or(config.context);
    config.head_width = overrides.head_width.value_or(config.head_width);
    config.heads = overrides.heads.value_or(in_proportion(original.heads, config.width, original.width));
    config.hidden = overrides.hidden.value_or(in_proportion(original.hidden, config.width, original.width));
    // The greatest divisor of the heads that is not above the preset's share.
    std::uint32_t kv_heads =
        family.shares_keys ? in_proportion(original.kv_heads, config.heads, original.heads) : config.heads;
    while (kv_heads > 1 && config.heads % kv_heads != 0) {
        --kv_heads;
    }
    config.kv_heads = overrides.kv_heads.value_or(kv_heads);
    config.window = overrides.window.value_or(family.cuts_context ? config.context
                                                                  : std::min(config.window, config.context));
    try {
        validate(config);
    } catch (const Error& error) {
        throw UsageError(error.what());
    }
    return config;
}

int run_train(const TrainArguments& arguments) {
    TrainOptions options = arguments.options;
    options.command = arguments.common.command_line;
    options.config = resolve_config(options.preset, arguments.overrides);
    options.data = resolve_data(options.data);
    options.validation = resolve_data(options.validation);
    require_readable(options.data);
    require_readable(options.validation);
    if (options.tokens == 0 && options.minutes == 0 && !options.resume) {
        options.tokens = kTokensPerParameter * parameter_count(options.config);
    }
    const bool speaks = arguments.common.quiet == 0;
    if (speaks) {
        show_plan(options);
    }
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
    if (arguments.common.quiet < 2) {
        options.warn = [](const std::string& text) { note(printable("bitlaw: train: warning: " + text)); };
    }
    const TrainResult result = train::train(options, on_step, stop_requested());
    line.clear();
    if (speaks) {
        note(text_of("done: ", result.model_file.string(), ", model ", hex64(result.model_id), ", ",
                     with_commas(std::filesystem::file_size(result.model_file)), " bytes, training ",
                     number_cell(result.record.training_bits_per_byte, 4).shown,
                     validation > 0 ? ", validation " + number_cell(validation, 4).shown : "", " bits/byte, ",
                     result.is_validation_seen ? "in-sample, " : "", number_cell(result.seconds, 1).shown,
                     " s"));
    }
    if (!result.trouble.empty()) {
        fail(result.trouble);
    }
    return kDone;
}

}  // namespace bitlaw::cli
