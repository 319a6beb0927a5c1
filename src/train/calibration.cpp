#include "bitlaw/train/calibration.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/train/sampler.hpp"

namespace bitlaw {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Kept back for saved states, the first touch of memory, and machines that slow down when they get warm.
constexpr double kMargin = 0.04;
constexpr double kMostSeconds = 3.0;
constexpr double kMostShare = 0.02;

}  // namespace

std::uint64_t steps_for(double seconds, const Model& initial, const LearnerOptions& options, const RunPlan& plan,
                        const Corpus& corpus, std::uint64_t validate_every, const std::atomic<bool>& stop) {
    const Clock::time_point start = Clock::now();
    Learner learner(initial, options);
    Sampler sampler(corpus, plan.positions, 0);
    const std::size_t sequences = std::min(learner.leaf(), plan.step_sequences);
    std::vector<Symbol> symbols(sequences * plan.positions);
    for (std::size_t s = 0; s < sequences; ++s) {
        sampler.next(std::span(symbols).subspan(s * plan.positions, plan.positions));
    }
    const float factor = 1.0F / static_cast<float>(symbols.size());
    const auto run_leaf = [&] {
        if (stop) {
            throw Stopped("stopped before the first step; nothing was saved, so start the same command again");
        }
        learner.add_leaf(symbols, factor);
        (void)learner.update(0.0);
    };
    run_leaf();  // allocates and warms the caches
    const Clock::time_point timed = Clock::now();
    const double most = std::min(kMostSeconds, kMostShare * seconds);
    std::uint64_t leaves = 0;
    do {
        run_leaf();
        ++leaves;
    } while (seconds_since(timed) < most);
    const double token_seconds =
        seconds_since(timed) / (static_cast<double>(leaves) * static_cast<double>(symbols.size()));

    double validation_seconds = 0.0;
    if (plan.validation_sequences > 0) {
        const Clock::time_point begin = Clock::now();
        (void)learner.coding_bits(symbols, Precision::bf16);
        validation_seconds = seconds_since(begin) * static_cast<double>(plan.validation_sequences) /
                             static_cast<double>(sequences);
    }
    const double step_seconds = token_seconds * static_cast<double>(plan.step_tokens());
    const double left = std::max(seconds * (1.0 - kMargin) - seconds_since(start), 0.0);
    // The run validates at its end too, whatever the interval.
    const double count = validate_every == 0
                             ? (left - 20.0 * validation_seconds) / step_seconds
                             : (left - validation_seconds) /
                                   (step_seconds + validation_seconds / static_cast<double>(validate_every));
    return count < 1.0 ? 1 : static_cast<std::uint64_t>(count);
}

}  // namespace bitlaw
