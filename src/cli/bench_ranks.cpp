#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "bench_cases.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/specs.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace symbols;
using namespace format;
using namespace model;
using namespace learn;
using namespace train;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// What one step took, in seconds, on one rank.
struct StepTimes {
    double step = 0;
    double gradient = 0;       // of the rank's own leaves
    double communication = 0;  // waiting for other ranks included
    double update = 0;         // norm, optimizer, packing: the same on every rank
};

// A model whose steps of random bytes the ranks share, with the optimizer that its preset is trained with.
class SharedSteps {
   public:
    SharedSteps(const ModelConfig& config, std::size_t leaves, Ranks& ranks)
        : leaves_(leaves), ranks_(ranks), learner_(initial_model(config, 1), options_of(config, ranks)) {
        Random random(2);
        symbols_.resize(learner_.leaf() * config.context);
        std::generate(symbols_.begin(), symbols_.end(),
                      [&] { return static_cast<Symbol>(random.below(256)); });
    }

    StepTimes run() {
        ranks_.barrier();
        StepTimes times;
        const Clock::time_point begin = Clock::now();
        const LeafRange own = ranks_.share(leaves_);
        const float factor = 1.0F / static_cast<float>(leaves_ * symbols_.size());
        learner_.start_at(own.first);
        for (std::size_t leaf = own.first; leaf < own.last; ++leaf) {
            learner_.add_leaf(symbols_, factor);
        }
        times.gradient = seconds_since(begin);
        if (ranks_.is_alone()) {
            (void)learner_.update(1e-4);
            times.step = seconds_since(begin);
            times.update = times.step - times.gradient;
            return times;
        }
        const Clock::time_point computed = Clock::now();
        std::uint64_t flags = 0;
        const double bits = ranks_.chain(learner_.own_code_lengths(), flags);
        const std::span<const float> gradient = ranks_.sum(learner_.own_sum(), leaves_);
        times.communication = seconds_since(computed);
        const Clock::time_point summed = Clock::now();
        (void)learner_.update(1e-4, gradient, bits);
        times.update = seconds_since(summed);
        times.step = seconds_since(begin);
        return times;
    }

   private:
    static LearnerOptions options_of(const ModelConfig& config, const Ranks& ranks) {
        LearnerOptions options{.adam = {.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1}};
        options.muon.enabled = family_of(config.architecture).recipe == Recipe::muon;
        options.keeps_code_lengths = !ranks.is_alone();
        return options;
    }

    std::size_t leaves_;
    Ranks& ranks_;
    Learner learner_;
    std::vector<Symbol> symbols_;  // of a leaf
};

}  // namespace

void bench_ranks(const BenchArguments& a, Ranks& ranks) {
    const FloatStateGuard float_state;
    constexpr std::uint64_t kQuickRuns = 3;
    const std::uint64_t runs = a.quick ? std::min(a.runs, kQuickRuns) : a.runs;
    const std::vector<std::string> presets =
        a.quick ? std::vector<std::string>{"200k"} : std::vector<std::string>{"200k", "800k", "3.2m"};
    ProgressLine line(a.common.quiet == 0 && ranks.is_first());
    Table table{.columns = {{"network", "network", true},
                            {"ranks", "ranks"},
                            {"threads", "threads each"},
                            {"leaves", "leaves"},
                            {"step_s", "step"},
                            {"gradient_s", "gradient"},
                            {"communication_s", "communication"},
                            {"update_s", "update"},
                            {"share", "share of communication"},
                            {"sent_bytes", "sent by a rank"},
                            {"bytes_per_second", "bytes/s"}}};
    for (const std::string& preset : presets) {
        const ModelConfig config = preset_config(preset);
        for (const std::size_t leaves : {16, 64}) {
            if (!text_of("step ", preset, ", ", leaves, " leaves").starts_with(a.only)) {
                continue;
            }
            line.show(text_of("measuring ", preset, ", ", leaves, " leaves"));
            SharedSteps steps(config, leaves, ranks);
            (void)steps.run();  // allocates and warms the caches
            const std::uint64_t sent = ranks.sent_bytes();
            (void)steps.run();
            const std::uint64_t step_bytes = ranks.sent_bytes() - sent;
            std::vector<StepTimes> all;
            for (std::uint64_t i = 0; i < runs; ++i) {
                // All or none: a rank that stopped alone would leave the others waiting.
                ranks.together([] { throw_if_stopped("nothing was printed"); });
                all.push_back(steps.run());
            }
            std::sort(all.begin(), all.end(),
                      [](const StepTimes& x, const StepTimes& y) { return x.step < y.step; });
            const StepTimes& median = all[all.size() / 2];
            const double tokens =
                static_cast<double>(leaves * leaf_sequences(config.context) * config.context);
            table.add({text_cell(preset), count_cell(ranks.size()), count_cell(thread_count()),
                       count_cell(leaves), number_cell(median.step, 4, " s"),
                       number_cell(median.gradient, 4, " s"), number_cell(median.communication, 4, " s"),
                       number_cell(median.update, 4, " s"), share_cell(median.communication / median.step),
                       count_cell(step_bytes), count_cell(static_cast<std::uint64_t>(tokens / median.step))});
        }
    }
    line.clear();
    if (ranks.is_first()) {
        print_table(table, a.common);
    }
}

}  // namespace bitlaw::cli
