#include "bench_cases.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/peak.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/predict/network_predictor.hpp"

namespace bitlaw::cli {

using namespace symbols;
using namespace kernels;
using namespace model;
using namespace learn;
using namespace predict;

namespace {

/// Rounds of the peak loop: some 10 ms a thread, long beside the start of the threads.
constexpr std::uint64_t kPeakRounds = 1'000'000;
/// Streams stepped together: what the decoder does with a file of some megabytes.
constexpr std::size_t kStreams = 64;
/// Among which every model has its best.
const std::vector<std::size_t> kStreamCounts = {8, 16, 32, kStreams};

ModelConfig with_arithmetic(const std::string& preset, Arithmetic arithmetic) {
    ModelConfig config = preset_config(preset);
    config.arithmetic = arithmetic;
    return config;
}

ModelConfig with_context(const std::string& preset, Arithmetic arithmetic, std::uint32_t context) {
    ModelConfig config = with_arithmetic(preset, arithmetic);
    config.context = context;
    config.window = std::min(config.window, context);
    return config;
}

// Forward and backward over one leaf.
BenchCase gradient_case(const std::string& preset, Arithmetic arithmetic, std::uint32_t context) {
    const ModelConfig config = with_context(preset, arithmetic, context);
    const std::size_t sequences = leaf_sequences(context);
    struct Work {
        explicit Work(const ModelConfig& c)
            : model(initial_model(c, 1)),
              packed(model, PackFor::training),
              network(packed),
              gradient(model.layout.size) {}
        Model model;
        PackedModel packed;
        Network network;
        Floats gradient;  // [parameters]
    };
    return {.name = text_of("gradient ", preset, " (width ", config.width, "), context ", context,
                            suffix(arithmetic)),
            .flops = training_flops(config, context) * static_cast<double>(sequences),
            .bytes = static_cast<double>(sequences * context),
            .prepare = [=]() -> std::function<void()> {
                const auto work = std::make_shared<Work>(config);
                const auto symbols =
                    std::make_shared<std::vector<Symbol>>(random_symbols(sequences * context));
                return [=] {
                    (void)work->network.gradient(
                        {.symbols = *symbols, .sequences = sequences, .positions = context}, 1e-3F,
                        work->gradient);
                };
            }};
}

// Operations of one stream from an empty context, which starts afresh as the model's does.
double flops_of_stream(const ModelConfig& config, std::size_t positions) {
    const std::uint64_t reset = default_reset(config);
    if (reset == 0 || positions <= reset) {
        return forward_flops(config, 0, positions);
    }
    return forward_flops(config, 0, reset) * static_cast<double>(positions / reset) +
           forward_flops(config, 0, positions % reset);
}

// A network and a predictor for each thread's streams, which begins anew in every run, as in coding.
struct Runner {
    Runner(const BenchNetwork& network, std::size_t count)
        : model(network.make()), packed(model, PackFor::inference) {
        const PredictorMaker maker = network_predictors(packed, {.reset_every = default_reset(model.config)});
        for (std::size_t i = 0; i < count; ++i) {
            predictors.push_back(maker.make());
        }
    }
    Model model;
    PackedModel packed;
    std::vector<std::unique_ptr<Predictor>> predictors;
};

BenchNetwork preset_network(const std::string& preset, Arithmetic arithmetic, std::uint32_t context) {
    const ModelConfig config = with_context(preset, arithmetic, context);
    return {.name = text_of(preset, ", context ", context), .config = config, .make = [=] {
                return initial_model(config, 1);
            }};
}

// Training, scoring and stepping: the paper's networks at the contexts where others are measured, then ours.
void add_model_cases(std::vector<BenchCase>& cases, bool quick) {
    using Names = std::vector<std::string>;
    const Names vanilla =
        quick ? Names{"vanilla-200k"} : Names{"vanilla-200k", "vanilla-800k", "vanilla-3.2m"};
    const Names modern = quick ? Names{"200k"} : Names{"200k", "800k", "3.2m"};
    const std::vector<std::uint32_t> contexts =
        quick ? std::vector<std::uint32_t>{512} : std::vector<std::uint32_t>{512, 2048};
    for (const Names* presets : {&vanilla, &modern}) {
        for (const std::string& preset : *presets) {
            for (const std::uint32_t context : contexts) {
                for (const Arithmetic arithmetic : kBoth) {
                    cases.push_back(gradient_case(preset, arithmetic, context));
                    cases.push_back(step_case(preset, arithmetic, context));
                }
            }
        }
    }
    for (const std::string& preset : vanilla) {
        for (const Arithmetic arithmetic : kBoth) {
            for (const std::uint32_t context : contexts) {
                cases.push_back(score_case(preset_network(preset, arithmetic, context), 2048));
                cases.push_back(stepper_case(preset, arithmetic, context, 1, context));
            }
            cases.push_back(stepper_case(preset, arithmetic, 512, kStreams, 512));
        }
    }
    for (const std::string& preset : modern) {
        const std::uint32_t context = preset_config(preset).context;
        const std::size_t positions = quick ? 128 : 1024;
        for (const Arithmetic arithmetic : kBoth) {
            cases.push_back(score_case(preset_network(preset, arithmetic, context), 2 * positions));
            cases.push_back(stepper_case(preset, arithmetic, context, 1, positions));
            for (const std::size_t streams : quick ? std::vector{kStreams} : kStreamCounts) {
                cases.push_back(stepper_case(preset, arithmetic, context, streams, positions / 2));
            }
        }
    }
}

}  // namespace

std::vector<Symbol> random_symbols(std::size_t count) {
    Random random(2);
    std::vector<Symbol> symbols(count);
    for (Symbol& symbol : symbols) {
        symbol = static_cast<Symbol>(random.below(256));
    }
    return symbols;
}

Bytes random_bytes(std::size_t count) {
    const std::vector<Symbol> symbols = random_symbols(count);
    return {symbols.begin(), symbols.end()};
}

BenchCase step_case(const std::string& preset, Arithmetic arithmetic, std::uint32_t context) {
    const ModelConfig config = with_context(preset, arithmetic, context);
    const std::size_t sequences = leaf_sequences(context);
    constexpr std::size_t kLeaves = 4;
    return {.name = text_of("training step ", preset, ", context ", context, suffix(arithmetic)),
            .flops = training_flops(config, context) * static_cast<double>(kLeaves * sequences),
            .bytes = static_cast<double>(kLeaves * sequences * context),
            .prepare = [=]() -> std::function<void()> {
                const LearnerOptions options{
                    .adam = {.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1}};
                const auto learner = std::make_shared<Learner>(initial_model(config, 1), options);
                const auto symbols =
                    std::make_shared<std::vector<Symbol>>(random_symbols(sequences * context));
                return [=] {
                    const float factor = 1.0F / static_cast<float>(kLeaves * sequences * context);
                    for (std::size_t leaf = 0; leaf < kLeaves; ++leaf) {
                        learner->add_leaf(*symbols, factor);
                    }
                    (void)learner->update(1e-4);
                };
            }};
}

BenchCase score_case(const BenchNetwork& network, std::size_t positions) {
    const std::size_t streams = thread_count();
    return {.name = text_of("score ", network.name, suffix(network.config.arithmetic)),
            .flops = flops_of_stream(network.config, positions) * static_cast<double>(streams),
            .bytes = static_cast<double>(positions * streams),
            .prepare = [=]() -> std::function<void()> {
                const auto runner = std::make_shared<Runner>(network, streams);
                const auto symbols = std::make_shared<std::vector<Symbol>>(random_symbols(positions));
                return [=] {
                    parallel_for(streams, [&](std::size_t stream) {
                        StreamEncoder encoder;
                        Coder* const coder = &encoder;
                        Predictor& predictor = *runner->predictors[stream];
                        predictor.begin({&positions, 1});
                        predictor.score({&coder, 1}, *symbols);
                    });
                };
            }};
}

BenchCase stepper_case(const std::string& preset, Arithmetic arithmetic, std::uint32_t context,
                       std::size_t streams, std::size_t positions) {
    return stepper_case(preset_network(preset, arithmetic, context), streams, positions);
}

BenchCase stepper_case(const BenchNetwork& network, std::size_t streams, std::size_t positions) {
    const std::size_t groups = std::min(streams, thread_count());
    return {.name = text_of("step ", network.name, ", ", streams, streams == 1 ? " stream" : " streams",
                            suffix(network.config.arithmetic)),
            .flops = flops_of_stream(network.config, positions) * static_cast<double>(streams),
            .bytes = static_cast<double>(positions * streams),
            .prepare = [=]() -> std::function<void()> {
                const auto runner = std::make_shared<Runner>(network, groups);
                const auto code = std::make_shared<Bytes>(random_bytes(2 * positions));
                return [=] {
                    parallel_for(groups, [&](std::size_t group) {
                        const std::size_t count = streams * (group + 1) / groups - streams * group / groups;
                        std::vector<StreamDecoder> decoders(count, StreamDecoder(*code));
                        std::vector<Coder*> coders;
                        for (StreamDecoder& decoder : decoders) {
                            coders.push_back(&decoder);
                        }
                        Predictor& predictor = *runner->predictors[group];
                        predictor.begin(std::vector(count, positions));
                        std::vector<Symbol> symbols(count * positions);  // [S, n]
                        predictor.step(coders, symbols);
                    });
                };
            }};
}

Floats random_floats(std::size_t count) {
    Random random(1);
    Floats values(count);
    for (float& value : values) {
        value = static_cast<float>(random.uniform()) - 0.5F;
    }
    return values;
}

std::string suffix(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::fp32 ? "" : text_of(", ", arithmetic_name(arithmetic));
}

BenchCase peak_case(std::size_t threads) {
    return {.name = text_of("fp32 peak, ", threads, threads == 1 ? " thread" : " threads"),
            .flops = static_cast<double>(run_fma_chains(1)) * static_cast<double>(kPeakRounds) *
                     static_cast<double>(threads),
            .bytes = 0,
            .prepare = [threads]() -> std::function<void()> {
                return [threads] {
                    parallel_for(threads, [](std::size_t) { (void)run_fma_chains(kPeakRounds); });
                };
            }};
}

std::vector<BenchCase> bench_cases(bool quick) {
    std::vector<BenchCase> cases;
    add_product_cases(cases, quick);
    add_attention_cases(cases, quick);
    add_model_cases(cases, quick);
    add_learning_cases(cases, quick);
    if (!quick) {
        add_large_cases(cases, large_network());
    }
    return cases;
}

}  // namespace bitlaw::cli
