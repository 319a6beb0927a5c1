#include "bitlaw/studies/study_plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/size.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/train/learning_rate.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace train;
using namespace laws;

namespace {

constexpr double kReferenceBytes = 1e7;
constexpr double kReferenceBatch = 4096.0;
constexpr double kReferenceWidth = 64.0;
// Fewer tell nothing about a schedule.
constexpr std::uint64_t kFewestSteps = 10;

// base^power from class A functions, so that the plan is the same everywhere.
double power_of(double base, double power) {
    return power == 0.0 ? 1.0 : exact_exp2(power * exact_log2(base));
}

// One run before it is known with which others it shares a trunk.
struct Wish {
    std::uint64_t unique;
    std::uint64_t passes;
    [[nodiscard]] std::uint64_t bytes() const { return unique * passes; }
};

// Amounts that several passes are made over have a trunk each; those of one pass share one while the factor
// allows.
std::vector<std::vector<Wish>> grouped(const StudyConfig& config) {
    std::vector<std::vector<Wish>> groups;
    std::vector<std::uint64_t> single;
    for (const DataAmount& amount : config.train_on) {
        if (amount.passes == std::vector<std::uint64_t>{1}) {
            single.push_back(amount.unique);
            continue;
        }
        groups.emplace_back();
        for (const std::uint64_t passes : amount.passes) {
            groups.back().push_back({amount.unique, passes});
        }
    }
    std::sort(single.begin(), single.end());
    bool is_open = false;
    for (const std::uint64_t unique : single) {
        const auto bound = [&] {
            return config.share_within * static_cast<double>(groups.back().front().unique);
        };
        if (!is_open || static_cast<double>(unique) > bound()) {
            groups.emplace_back();
            is_open = true;
        }
        groups.back().push_back({unique, 1});
    }
    return groups;
}

std::string run_id(std::uint64_t size, const Wish& wish, std::uint32_t context, std::uint64_t seed) {
    return text_of('n', size_text(size), "-u", size_text(wish.unique), "-p", wish.passes, "-k", context, "-s",
                   seed);
}

// Steps in which the rate falls: Schedule's own rounding, so that the branch begins where its fall does.
std::uint64_t cooldown_steps(double share, std::uint64_t steps) {
    return static_cast<std::uint64_t>(share * static_cast<double>(steps));
}

// Gives the trunk's runs their steps and costs; they are ascending and not empty. Batch, rates, warm-up and
// data are those of the longest run that the config asks for, also where a limit leaves it out: otherwise the
// seeds of a cell, and the sizes of a column, would differ in more than what names them.
void schedule_runs(const StudyConfig& config, StudyTrunk& trunk, const std::vector<Wish>& wishes,
                   const Wish& longest_wish) {
    const std::uint64_t longest = longest_wish.bytes();
    trunk.data_bytes = longest_wish.unique;
    trunk.batch_bytes = study_batch(config, longest, trunk.config.context);
    trunk.learning_rate = study_learning_rate(config, trunk.config, trunk.batch_bytes, longest);
    const double step_flops = training_flops(trunk.config, trunk.config.context) *
                              static_cast<double>(trunk.batch_bytes / trunk.config.context);
    trunk.matrix_learning_rate = study_matrix_rate(trunk.config, trunk.learning_rate, longest);
    trunk.steps = longest / trunk.batch_bytes;
    trunk.warmup_steps = static_cast<std::uint64_t>(config.warmup * static_cast<double>(trunk.steps));
    std::uint64_t trunk_steps = 0;
    for (const Wish& wish : wishes) {
        StudyRun run;
        run.id = run_id(trunk.size, wish, trunk.config.context, trunk.seed);
        run.passes = wish.passes;
        run.steps = wish.bytes() / trunk.batch_bytes;
        const std::uint64_t falling = cooldown_steps(config.cooldown, run.steps);
        if (run.steps < kFewestSteps || falling == 0) {
            fail_usage("the run ", run.id, " would have ", run.steps, " steps of ", trunk.batch_bytes,
                       " bytes, of which ", falling,
                       " cool down; make batch_bytes smaller or train on more bytes");
        }
        run.branch_step = run.steps - falling;
        run.bytes = run.steps * trunk.batch_bytes;
        run.unique = std::min(wish.unique, run.bytes);
        run.flops = step_flops * static_cast<double>(run.steps);
        run.spent_flops = step_flops * static_cast<double>(run.steps - trunk_steps);
        trunk_steps = run.branch_step;
        trunk.runs.push_back(std::move(run));
    }
    if (trunk.runs.front().branch_step < trunk.warmup_steps) {
        fail_usage("the run ", trunk.runs.front().id, " would leave its trunk before the warm-up of ",
                   trunk.warmup_steps, " steps ends; make warmup or share_within smaller");
    }
    trunk.id = trunk.runs.size() == 1 ? trunk.runs.front().id : "trunk-" + trunk.runs.back().id;
}

// Operations up to which the runs of a size get all seeds.
double all_seeds_to(const StudyConfig& config, std::uint64_t size) {
    const auto own = std::find_if(config.seeds_of.begin(), config.seeds_of.end(),
                                  [&](const SeedLimit& limit) { return limit.size == size; });
    return own == config.seeds_of.end() ? config.all_seeds_to_flops : own->flops;
}

// Throws when two sizes come out as the same network.
void require_different_sizes(const StudyConfig& config) {
    std::vector<ModelConfig> networks;
    for (const std::uint64_t size : config.sizes) {
        networks.push_back(study_network(config, size, config.contexts.front()));
        const auto same = std::find(networks.begin(), networks.end() - 1, networks.back());
        if (same != networks.end() - 1) {
            fail_usage("the sizes ",
                       size_text(config.sizes[static_cast<std::size_t>(same - networks.begin())]), " and ",
                       size_text(size), " come out as the same network of ", parameter_count(networks.back()),
                       " parameters; leave one of them out");
        }
    }
}

}  // namespace

double StudyTrunk::spent_flops() const {
    return std::accumulate(runs.begin(), runs.end(), 0.0,
                           [](double sum, const StudyRun& run) { return sum + run.spent_flops; });
}

std::size_t StudyPlan::runs() const {
    return std::accumulate(trunks.begin(), trunks.end(), std::size_t{0},
                           [](std::size_t sum, const StudyTrunk& trunk) { return sum + trunk.runs.size(); });
}

double StudyPlan::spent_flops() const {
    return std::accumulate(trunks.begin(), trunks.end(), 0.0,
                           [](double sum, const StudyTrunk& trunk) { return sum + trunk.spent_flops(); });
}

ModelConfig study_network(const StudyConfig& study, std::uint64_t parameters, std::uint32_t context) {
    constexpr std::uint32_t kMostWidth = 8192;
    const auto network = [&](std::uint32_t width) {
        ModelConfig config = study.network;
        config.width = width;
        config.head_width = width < 32 ? 16 : 32;
        config.heads = std::max(width / config.head_width, 1U);
        config.kv_heads = std::clamp(config.heads / 2, 1U, study.most_kv_heads);
        while (config.heads % config.kv_heads != 0) {
            --config.kv_heads;
        }
        config.hidden = 4 * width;
        config.context = context;
        config.window = std::max(context / 2, 1U);
        return config;
    };
    const auto distance = [&](const ModelConfig& config) {
        return std::abs(
            std::log(static_cast<double>(parameter_count(config)) / static_cast<double>(parameters)));
    };
    ModelConfig best = network(8);
    for (std::uint32_t width = 12; width <= kMostWidth; width += width < 32 ? 4 : width < 64 ? 8 : 32) {
        const ModelConfig tried = network(width);
        if (distance(tried) >= distance(best)) {
            break;  // parameters grow with the width, so the distance only grows from here
        }
        best = tried;
    }
    validate(best);
    return best;
}

std::string study_network_rule(const StudyConfig& config) {
    const std::string most_kv =
        config.most_kv_heads < 1024 ? text_of(" but at most ", config.most_kv_heads) : std::string();
    return text_of("modern networks of ", config.network.layers,
                   " layers; the width C, a multiple of 4 up to 32, of 8 up to 64 and of 32 above, is the "
                   "one whose number of "
                   "parameters is nearest to the size aimed at; one head of width 16 below C = 32, otherwise "
                   "C / 32 heads "
                   "of 32, keys and values in half as many",
                   most_kv,
                   "; MLP 4 C; embedding and output untied (2 x 256 C "
                   "parameters); "
                   "window half the context; ",
                   study_network_text(config));
}

std::uint64_t study_batch(const StudyConfig& config, std::uint64_t bytes, std::uint32_t context) {
    const double wanted = static_cast<double>(config.batch_bytes) *
                          power_of(static_cast<double>(bytes) / kReferenceBytes, config.batch_power);
    const double rounded = std::exp2(std::round(exact_log2(std::max(wanted, 1.0))));
    return std::max<std::uint64_t>(static_cast<std::uint64_t>(rounded) / context, 1) * context;
}

double study_learning_rate(const StudyConfig& config, const ModelConfig& network, std::uint64_t batch,
                           std::uint64_t bytes) {
    const double at_width =
        config.learning_rate > 0.0
            ? config.learning_rate * power_of(network.width / kReferenceWidth, config.rate_width_power)
            : default_learning_rate(network, bytes);
    return at_width * power_of(static_cast<double>(batch) / kReferenceBatch, config.rate_batch_power) *
           power_of(static_cast<double>(bytes) / kReferenceBytes, config.rate_bytes_power);
}

double study_matrix_rate(const ModelConfig& network, double learning_rate, std::uint64_t bytes) {
    return default_matrix_learning_rate(network, bytes) *
           (learning_rate / default_learning_rate(network, bytes));
}

StudyPlan make_study_plan(const StudyConfig& config) {
    require_different_sizes(config);
    StudyPlan plan;
    plan.config = config;
    for (const std::uint64_t size : config.sizes) {
        for (const std::uint32_t context : config.contexts) {
            const ModelConfig network = study_network(config, size, context);
            const double byte_flops = training_flops(network, context) / context;
            const double seeds_to_flops = all_seeds_to(config, size);
            for (std::vector<Wish> wishes : grouped(config)) {
                const Wish longest = wishes.back();
                // Before the rounding to whole steps, so that limits do not depend on the batch.
                const auto flops = [&](const Wish& wish) {
                    return byte_flops * static_cast<double>(wish.bytes());
                };
                const auto too_costly = [&](const Wish& wish) { return flops(wish) > config.most_flops; };
                for (const Wish& wish : wishes) {
                    if (too_costly(wish)) {
                        plan.left_out.push_back({run_id(size, wish, context, config.seeds.front()),
                                                 text_of(flops(wish), " operations are above most_flops")});
                    }
                }
                std::erase_if(wishes, too_costly);
                for (const std::uint64_t seed : config.seeds) {
                    std::vector<Wish> kept = wishes;
                    if (seed != config.seeds.front()) {
                        std::erase_if(kept, [&](const Wish& wish) { return flops(wish) > seeds_to_flops; });
                    }
                    if (kept.empty()) {
                        continue;
                    }
                    StudyTrunk trunk;
                    trunk.size = size;
                    trunk.config = network;
                    trunk.seed = seed;
                    schedule_runs(config, trunk, kept, longest);
                    plan.trunks.push_back(std::move(trunk));
                }
            }
        }
    }
    if (plan.trunks.empty()) {
        fail_usage("the config leaves no run; raise most_flops");
    }
    std::stable_sort(plan.trunks.begin(), plan.trunks.end(), [](const StudyTrunk& a, const StudyTrunk& b) {
        return a.spent_flops() < b.spent_flops();
    });
    return plan;
}

ByteOperations study_operations(const StudyConfig& config) {
    std::map<double, double> known;
    const std::uint32_t context = config.contexts.front();
    for (const std::uint64_t size : config.sizes) {
        const ModelConfig network = study_network(config, size, context);
        known[static_cast<double>(parameter_count(network))] = training_flops(network, context) / context;
    }
    return ByteOperations(known);
}

}  // namespace bitlaw::studies
