#include "bitlaw/train/calibration.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/train/sampler.hpp"

namespace bitlaw::train {

using namespace symbols;
using namespace model;
using namespace learn;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Kept back for saved states, the first touch of memory, and machines that slow down when they get warm.
constexpr double kMargin = 0.04;
constexpr double kMostSeconds = 3.0;
constexpr double kMostShare = 0.02;

// The greatest number of steps that fits, at least 1.
std::uint64_t steps_within(double seconds, double token_time, const ResolvedRun& run,
                           std::uint64_t validate_every) {
    const double without_validation = seconds / (token_time * static_cast<double>(run.step_tokens()));
    std::uint64_t fitting = 1;
    std::uint64_t beyond = without_validation < 1.0 ? 2 : static_cast<std::uint64_t>(without_validation) + 1;
    while (beyond - fitting > 1) {
        const std::uint64_t middle = fitting + (beyond - fitting) / 2;
        (run_seconds(middle, token_time, run, validate_every) <= seconds ? fitting : beyond) = middle;
    }
    return fitting;
}

}  // namespace

double run_seconds(std::uint64_t steps, double token_time, const ResolvedRun& run,
                   std::uint64_t validate_every) {
    const std::uint64_t interval = validation_interval(run, validate_every, steps);
    const std::uint64_t validations = steps / interval + (steps % interval == 0 ? 0 : 1);
    const double validated = static_cast<double>(validations) *
                             static_cast<double>(run.validation_sequences * run.positions()) / 3.0;
    return token_time * (static_cast<double>(steps) * static_cast<double>(run.step_tokens()) + validated);
}

LearnerOptions learner_options(const ResolvedRun& run) {
    const TrainOptions& options = run.options;
    return {.adam = {.beta1 = options.beta1,
                     .beta2 = options.beta2,
                     .epsilon = options.epsilon,
                     .weight_decay = options.weight_decay},
            .muon = {.enabled = options.optimizer == Optimizer::muon,
                     .rate_ratio = options.matrix_learning_rate / options.learning_rate,
                     .momentum = options.momentum,
                     .weight_decay = options.weight_decay},
            .clip = options.clip,
            .micro_batch_tokens = options.micro_batch_tokens};
}

double token_seconds(Learner& learner, std::span<const Symbol> leaf, std::size_t leaves, double seconds,
                     const std::atomic<bool>& stop) {
    const std::size_t step_tokens = leaves * leaf.size();
    const float factor = 1.0F / static_cast<float>(step_tokens);
    const auto run_step = [&] {
        for (std::size_t i = 0; i < leaves; ++i) {
            if (stop) {
                throw Stopped(
                    "stopped while the speed was measured; nothing was saved, so start the same command "
                    "again");
            }
            learner.add_leaf(leaf, factor);
        }
        (void)learner.update(0.0);
    };
    run_step();  // allocates and warms the caches
    const Clock::time_point timed = Clock::now();
    std::uint64_t steps = 0;
    do {
        run_step();
        ++steps;
    } while (seconds_since(timed) < seconds);
    return seconds_since(timed) / (static_cast<double>(steps) * static_cast<double>(step_tokens));
}

std::uint64_t steps_for(double seconds, const ResolvedRun& run, const Corpus& corpus,
                        std::uint64_t validate_every, const std::atomic<bool>& stop) {
    const Clock::time_point start = Clock::now();
    Learner learner(initial_model(run.options.config, run.options.seed), learner_options(run));
    Sampler sampler(corpus, run.positions(), 0);
    const std::size_t sequences = std::min(learner.leaf(), run.step_sequences);
    std::vector<Symbol> symbols(sequences * run.positions());
    for (std::size_t s = 0; s < sequences; ++s) {
        sampler.next(std::span(symbols).subspan(s * run.positions(), run.positions()));
    }
    const double measured =
        token_seconds(learner, symbols, 1, std::min(kMostSeconds, kMostShare * seconds), stop);

    const double left = seconds * (1.0 - kMargin) - seconds_since(start);
    return steps_within(left, measured, run, validate_every);
}

}  // namespace bitlaw::train
