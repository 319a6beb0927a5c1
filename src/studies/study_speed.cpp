#include "bitlaw/studies/study_speed.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/train/learner.hpp"

namespace bitlaw {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds a byte in one worker.
double byte_seconds(const StudyTrunk& trunk, double seconds, const std::atomic<bool>& stop) {
    const TrainOptions defaults;
    const Clock::time_point start = Clock::now();
    Learner learner(initial_model(trunk.config, 1), {.adam = {.beta1 = defaults.beta1,
                                                              .beta2 = defaults.beta2,
                                                              .epsilon = defaults.epsilon,
                                                              .weight_decay = defaults.weight_decay},
                                                     .clip = defaults.clip});
    const std::size_t sequences =
        std::min<std::size_t>(learner.leaf(), trunk.batch_bytes / trunk.config.context);
    std::vector<Symbol> symbols(sequences * trunk.config.context);
    Random random(1);
    std::generate(symbols.begin(), symbols.end(),
                  [&] { return static_cast<Symbol>(random.below(trunk.config.alphabet)); });
    const auto step = [&] {
        if (stop) {
            throw Stopped("stopped while measuring the speed");
        }
        learner.add_leaf(symbols, 1.0F / static_cast<float>(symbols.size()));
        (void)learner.update(0.0);
    };
    step();  // allocates and warms the caches
    const Clock::time_point timed = Clock::now();
    std::size_t steps = 0;
    do {
        step();
        ++steps;
    } while (seconds_since(start) < seconds);
    return seconds_since(timed) / static_cast<double>(steps * symbols.size());
}

}  // namespace

std::vector<NetworkSpeed> measure_speeds(const StudyPlan& plan, double seconds, std::size_t jobs,
                                         const std::atomic<bool>& stop) {
    std::vector<const StudyTrunk*> networks;
    for (const StudyTrunk& trunk : plan.trunks) {
        const bool is_known = std::any_of(networks.begin(), networks.end(), [&](const StudyTrunk* other) {
            return other->config == trunk.config;
        });
        if (!is_known) {
            networks.push_back(&trunk);
        }
    }
    std::vector<NetworkSpeed> speeds;
    for (const StudyTrunk* trunk : networks) {
        const double share = seconds / static_cast<double>(networks.size());
        std::mutex mutex;
        double sum = 0;
        std::exception_ptr failure;
        const auto work = [&] {
            try {
                const double measured = byte_seconds(*trunk, share, stop);
                const std::lock_guard guard(mutex);
                sum += measured;
            } catch (...) {
                const std::lock_guard guard(mutex);
                failure = std::current_exception();
            }
        };
        std::vector<std::thread> workers;
        for (std::size_t worker = 1; worker < jobs; ++worker) {
            workers.emplace_back(work);
        }
        work();
        for (std::thread& worker : workers) {
            worker.join();
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        speeds.push_back({trunk->config, sum / static_cast<double>(std::max<std::size_t>(jobs, 1))});
    }
    return speeds;
}

double run_seconds(const StudyPlan& plan, const StudyTrunk& trunk, const StudyRun& run,
                   const std::vector<NetworkSpeed>& speeds) {
    const auto speed = std::find_if(speeds.begin(), speeds.end(),
                                    [&](const NetworkSpeed& other) { return other.config == trunk.config; });
    BITLAW_ASSERT(speed != speeds.end());
    const double trained = static_cast<double>(run.bytes) * run.spent_flops / run.flops;
    return speed->byte_seconds * (trained + static_cast<double>(plan.config.held_out_bytes) / 3.0);
}

}  // namespace bitlaw
