#include "bitlaw/studies/study_recipe.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/run_record.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace predict;
using namespace train;

namespace {

// Bytes of the held-out data that the trainer measures in independent chunks when a run ends.
constexpr std::uint64_t kChunkedBytes = 262'144;

// "FILE@BEGIN:END" for the first `bytes` of a range.
std::string beginning_of(const std::string& data, std::uint64_t bytes) {
    const DataRange range = parse_range(data);
    return text_of(range.path.string(), '@', range.begin, ':', range.begin + bytes);
}

// The share of `steps` that is `rising` whole steps: the config's own where it is, otherwise one that rounds
// down to them.
double warmup_share(double share, std::uint64_t rising, std::uint64_t steps) {
    const auto all = static_cast<double>(steps);
    return static_cast<std::uint64_t>(share * all) == rising ? share
                                                             : (static_cast<double>(rising) + 0.5) / all;
}

TrainOptions shared_options(const StudyPlan& plan, const StudyTrunk& trunk, const StudyData& data,
                            std::uint64_t steps) {
    TrainOptions o;  // its preset stays: every size of the network is given, so the name decides nothing
    if (!data.data.empty()) {
        o.data = {beginning_of(data.data, trunk.data_bytes)};
        o.validation = {data.held_out};
    }
    o.validation_bytes =
        std::max<std::uint64_t>(std::min(kChunkedBytes, plan.config.held_out_bytes), trunk.config.context);
    o.validate_every = steps;
    o.config = trunk.config;
    o.seed = trunk.seed;
    o.tokens = steps * trunk.batch_bytes;
    o.batch_tokens = trunk.batch_bytes;
    o.learning_rate = trunk.learning_rate;
    o.matrix_learning_rate = trunk.matrix_learning_rate;
    o.warmup = warmup_share(plan.config.warmup, trunk.warmup_steps, steps);
    o.weight_decay = plan.config.weight_decay;
    return o;
}

// Throws when bytes to measure on are among the first `bytes` of the data.
void require_apart(const StudyData& data, std::uint64_t bytes, std::uint64_t held_out_bytes) {
    const DataRange trained = parse_range(data.data);
    const DataRange held = parse_range(data.held_out);
    std::error_code ignored;
    if (std::filesystem::equivalent(trained.path, held.path, ignored) && held.begin < trained.begin + bytes &&
        trained.begin < held.begin + held_out_bytes) {
        fail_usage("the held-out bytes of ", data.held_out, " are among the first ", bytes, " of ", data.data,
                   ", which the config trains on; choose others");
    }
}

}  // namespace

HeldOutParts held_out_parts(ByteSpan held_out, std::uint64_t bytes) {
    if (held_out.size() < 2) {
        fail_usage("the held-out data have ", held_out.size(), " bytes, but each half needs some; name more");
    }
    const std::size_t middle = held_out.size() / 2;
    const ByteSpan second = held_out.subspan(middle);
    return {held_out.first(std::min<std::uint64_t>(middle, bytes)),
            second.first(std::min<std::uint64_t>(second.size(), bytes))};
}

TrainOptions trunk_options(const StudyPlan& plan, const StudyTrunk& trunk, const StudyData& data) {
    TrainOptions o = shared_options(plan, trunk, data, trunk.steps);
    o.decay = 0.0;
    return o;
}

TrainOptions run_options(const StudyPlan& plan, const StudyTrunk& trunk, const StudyRun& run,
                         const StudyData& data) {
    TrainOptions o = shared_options(plan, trunk, data, run.steps);
    o.decay = plan.config.cooldown;
    return o;
}

void add_recipes(StudyPlan& plan, const StudyData& data) {
    const Corpus corpus({data.data});
    const Corpus held_out({data.held_out});
    const ByteSpan all = corpus.bytes(0);
    std::map<std::uint64_t, std::uint64_t> hashes;  // of the first bytes
    for (StudyTrunk& trunk : plan.trunks) {
        if (all.size() < trunk.data_bytes) {
            fail_usage(data.data, " has ", all.size(), " bytes, but the config trains on ", trunk.data_bytes,
                       "; name larger data or train on less");
        }
        require_apart(data, trunk.data_bytes, held_out.bytes(0).size());
        const auto [hash, is_new] = hashes.emplace(trunk.data_bytes, 0);
        if (is_new) {
            hash->second = hash64(all.first(trunk.data_bytes));
        }
        trunk.data_hash = hash->second;
        ByteWriter network;
        write_config(network, trunk.config);
        for (StudyRun& run : trunk.runs) {
            const TrainOptions options = run_options(plan, trunk, run, data);
            const std::string text =
                text_of(kArithmeticVersion, '\n', hex64(hash64(network.data())), '\n', trunk.data_bytes, '\n',
                        hex64(hash->second), '\n', plan.config.held_out_bytes, '\n',
                        hex64(held_out.sources()[0].hash), '\n',
                        record_text(resolve_run(options, held_out, run.steps)),
                        plan.config.mix ? text_of("\nmixed with ", expert_set_name(*plan.config.mix)) : "");
            run.recipe = hex64(hash64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
        }
    }
}

}  // namespace bitlaw::studies
