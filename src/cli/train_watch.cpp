#include "train_watch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/train/calibration.hpp"
#include "failure.hpp"
#include "peak.hpp"

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

std::string validation_line(const StepReport& r, const std::string& share) {
    return fmt::format(
        "step {} of {}, {} bytes: training {:.4f}, validation {:.4f} bits/byte, {:.0f} bytes/s, {:.1f} "
        "GFLOP/s{}, {:.1f} s",
        with_commas(r.step), with_commas(r.steps), with_commas(r.tokens), r.mean_bits_per_byte,
        r.validation_bits_per_byte, r.tokens_per_second, r.gflops, share, r.seconds);
}

}  // namespace

void TrainWatch::begin(const ResolvedRun& run) {
    run_ = run;
    if (!speaks_) {
        return;
    }
    const TrainOptions& o = run.options;
    note(text_of("network     ", o.preset, ": ", describe(o.config)));
    note(text_of("data        ", list_of(o.data)));
    note(text_of("validation  ", list_of(o.validation)));
    if (run.has_vocabulary()) {
        note(text_of("tokenizer   ", printable(o.tokenizer.string()), ": ", with_commas(o.config.alphabet),
                     " symbols, ", fmt::format("{:.3f}", run.rate.bytes_a_symbol()),
                     " bytes a token of the data"));
    }
    note(text_of("budget      ", with_commas(run.bytes()), " bytes in ", with_commas(run.steps),
                 run.steps == 1 ? " step" : " steps", " of ", with_commas(run.step_tokens()),
                 run.has_vocabulary() ? " tokens" : ""));
    note(text_of("optimizer   AdamW, peak learning rate ", o.learning_rate, ", warm-up ", o.warmup,
                 ", decay ", o.decay, ", betas ", o.beta1, " ", o.beta2, ", epsilon ", o.epsilon,
                 ", weight decay ", o.weight_decay, ", clip ", o.clip, ", seed ", o.seed));
    if (o.optimizer == Optimizer::muon) {
        note(text_of("            Muon for the layers' matrices, peak learning rate ", o.matrix_learning_rate,
                     ", momentum ", o.momentum));
    }
    // Ten runs of some 10 ms: a tenth of a second before hours.
    constexpr std::uint64_t kPeakRuns = 10;
    peak_ = static_cast<double>(ranks_) * peak_gflops(thread_count(), kPeakRuns);
    note(text_of("running on  ", ranks_ == 1 ? "" : text_of(ranks_, " ranks, each of "), thread_count(),
                 thread_count() == 1 ? " thread, " : " threads, ", isa_name(chosen_isa()),
                 fmt::format(", peak {:.0f} GFLOP/s of fp32 multiply-adds, as measured now", peak_)));
    note(text_of("result      ", (o.out / kModelFile).string(), ", weights in ",
                 weight_format_name(o.weight_format),
                 o.weight_bits > 0.0 ? text_of(", ", o.weight_bits, " bits each, rounded from step ",
                                               with_commas(run.rounded_from() + 1), " on")
                                     : "",
                 o.resume ? ", resumed" : ""));
}

void TrainWatch::step(const StepReport& report) {
    if (!progress_) {
        before_ = report.tokens - report.tokens / report.step;
        progress_.emplace(report.total_tokens - before_);
        first_ = Clock::now();
        first_step_ = report.step;
    }
    say_duration(report);
    if (report.validation_bits_per_byte >= 0) {
        validation_ = report.validation_bits_per_byte;
        say(validation_line(report, share_of_peak(report.gflops)));
    }
    if (!report.sample.empty()) {
        say(text_of("sample at step ", report.step, ": ", printable(report.sample)));
    }
    if (line_.active() && progress_->due()) {
        line_.show(text_of(
            "step ", report.step, " of ", report.steps, " ",
            progress_->line(report.tokens - before_, report.mean_bits_per_byte, report.gflops, peak_)));
    }
}

// Once, when a second of steps is known: the first one maps memory and fills caches.
void TrainWatch::say_duration(const StepReport& report) {
    constexpr double kSeconds = 1.0;
    if (has_said_duration_ || report.step == first_step_) {
        return;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - first_).count();
    const std::uint64_t steps = report.step - first_step_;
    if (seconds < kSeconds) {
        return;
    }
    has_said_duration_ = true;
    const double token_time = seconds / static_cast<double>(steps * run_->step_tokens());
    const double left =
        run_seconds(report.steps - report.step, token_time, *run_, run_->options.validate_every);
    say(text_of("time        about ", duration_text(left),
                " more: ", with_unit(run_->rate.bytes_a_symbol() / token_time, "B/s"), " over ", steps,
                steps == 1 ? " step" : " steps", share_of_peak(report.gflops)));
}

void TrainWatch::say(const std::string& text) {
    line_.clear();
    if (speaks_) {
        note(text);
    }
}

std::string TrainWatch::share_of_peak(double gflops) const {
    return peak_ > 0 ? fmt::format(", {:.0f} % of peak", 100.0 * gflops / peak_) : "";
}

}  // namespace bitlaw::cli
