#include "bitlaw/studies/study_speed.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/train/calibration.hpp"

namespace bitlaw::studies {

using namespace symbols;
using namespace model;
using namespace learn;
using namespace train;

namespace {

// Seconds a byte in one worker, with the trunk's own updates.
double byte_seconds(const StudyPlan& plan, const StudyTrunk& trunk, double seconds,
                    const std::atomic<bool>& stop) {
    const ResolvedRun run =
        resolve_run(trunk_options(plan, trunk, {}), Corpus(std::vector<std::string>{}), trunk.steps);
    Learner learner(initial_model(trunk.config, 1), learner_options(run));
    const std::size_t sequences = std::min(learner.leaf(), run.step_sequences);
    std::vector<Symbol> symbols(sequences * run.positions());
    Random random(1);
    std::generate(symbols.begin(), symbols.end(),
                  [&] { return static_cast<Symbol>(random.below(trunk.config.alphabet)); });
    return token_seconds(learner, symbols, (run.step_sequences + sequences - 1) / sequences, seconds, stop);
}

}  // namespace

std::vector<NetworkSpeed> measure_speeds(const StudyPlan& plan, double seconds, std::size_t jobs,
                                         const std::atomic<bool>& stop) {
    std::vector<const StudyTrunk*> networks;
    for (const StudyTrunk& trunk : plan.trunks) {
        const bool is_known = std::any_of(networks.begin(), networks.end(), [&](const StudyTrunk* other) {
            return other->config == trunk.config && other->batch_bytes == trunk.batch_bytes;
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
                const double measured = byte_seconds(plan, *trunk, share, stop);
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
        speeds.push_back(
            {trunk->config, trunk->batch_bytes, sum / static_cast<double>(std::max<std::size_t>(jobs, 1))});
    }
    return speeds;
}

double run_seconds(const StudyPlan& plan, const StudyTrunk& trunk, const StudyRun& run,
                   const std::vector<NetworkSpeed>& speeds) {
    const auto speed = std::find_if(speeds.begin(), speeds.end(), [&](const NetworkSpeed& other) {
        return other.config == trunk.config && other.batch_bytes == trunk.batch_bytes;
    });
    BITLAW_ASSERT(speed != speeds.end());
    const double trained = static_cast<double>(run.bytes) * run.spent_flops / run.flops;
    return speed->byte_seconds * (trained + 2.0 * static_cast<double>(plan.config.held_out_bytes) / 3.0);
}

}  // namespace bitlaw::studies
