#include "bench_cases.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/peak.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/model/scorer.hpp"
#include "bitlaw/model/stepper.hpp"
#include "bitlaw/train/learner.hpp"

namespace bitlaw::cli {
namespace {

/// Rounds of the peak loop: some 10 ms a thread, long beside the start of the threads.
constexpr std::uint64_t kPeakRounds = 1'000'000;
/// Operations of one measurement of a product, likewise: it is repeated until it has done so many.
constexpr double kProductFlops = 2e9;
/// Streams stepped together: what the decoder does with a file of some megabytes.
constexpr std::size_t kStreams = 64;

Floats random_floats(std::size_t count) {
    Random random(1);
    Floats values(count);
    for (float& value : values) {
        value = static_cast<float>(random.uniform()) - 0.5F;
    }
    return values;
}

std::vector<Symbol> random_symbols(std::size_t count) {
    Random random(2);
    std::vector<Symbol> symbols(count);
    for (Symbol& symbol : symbols) {
        symbol = static_cast<Symbol>(random.below(256));
    }
    return symbols;
}

/// Rows of a product that are worth splitting over threads.
constexpr std::size_t kSplitRows = 96;  // a multiple of every instruction set's tile

// C [m, n] = A [m, k] x W [k, n]. Many rows are split over the threads; of a product of few rows, as the
// decoder has them, every thread does its own, since starting the threads would cost more than the product.
struct Product {
    Product(Arithmetic arithmetic_, std::size_t m_, std::size_t k_, std::size_t n_)
        : arithmetic(arithmetic_), m(m_), k(k_), n(n_), a(random_floats(m * k)), c(m * n) {
        const Floats w = random_floats(k * n);
        if (arithmetic == Arithmetic::bf16) {
            packed_bf16.resize(packed_size_bf16(k, n));
            kernels().pack_bf16(w.data(), n, k, n, packed_bf16.data());
        } else {
            packed.resize(packed_size(k, n));
            kernels().pack(w.data(), n, k, n, packed.data());
        }
    }

    void run() {
        const bool bf16 = arithmetic == Arithmetic::bf16;
        const PackedMatrix w{.fp32 = bf16 ? nullptr : packed.data(),
                             .bf16 = bf16 ? packed_bf16.data() : nullptr,
                             .k = k,
                             .n = n};
        parallel_for((m + kSplitRows - 1) / kSplitRows, [&](std::size_t task) {
            const std::size_t row = task * kSplitRows;
            multiply(w, a.data() + row * k, k, std::min(kSplitRows, m - row), ChainStart::zero, nullptr,
                     c.data() + row * n, n);
        });
    }

    Arithmetic arithmetic;
    std::size_t m, k, n;
    Floats a;       // [m, k]
    Floats packed;  // [k, n] in panels, in one of the two memories
    Halves packed_bf16;
    Floats c;  // [m, n]
};

// G [k, n] += X [rows, k] transposed x Y [rows, n], split over n as training does.
struct WeightGradient {
    WeightGradient(Arithmetic arithmetic_, std::size_t rows_, std::size_t k_, std::size_t n_)
        : arithmetic(arithmetic_),
          rows(rows_),
          k(k_),
          n(n_),
          x(random_floats(rows * k)),
          y(random_floats(rows * n)),
          g(k * n) {}

    void run() {
        constexpr std::size_t kPart = 2 * kPanel;
        const auto gradient =
            arithmetic == Arithmetic::bf16 ? kernels().weight_gradient_bf16 : kernels().weight_gradient;
        parallel_for((n + kPart - 1) / kPart, [&](std::size_t task) {
            const std::size_t first = task * kPart;
            gradient(x.data(), k, y.data() + first, n, rows, k, std::min(kPart, n - first), g.data() + first,
                     n);
        });
    }

    Arithmetic arithmetic;
    std::size_t rows, k, n;
    Floats x;  // [rows, k]
    Floats y;  // [rows, n]
    Floats g;  // [k, n]
};

// What stands behind a row's name when it is not fp32.
std::string suffix(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::fp32 ? "" : text_of(", ", arithmetic_name(arithmetic));
}

template <class Work>
BenchCase product_case(const char* name, Arithmetic arithmetic, std::size_t m, std::size_t k, std::size_t n,
                       const std::array<std::size_t, 3>& shown) {
    const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
    const auto repeats = static_cast<std::size_t>(std::max(1.0, std::ceil(kProductFlops / flops)));
    return {.name = text_of(name, " ", shown[0], "x", shown[1], "x", shown[2], suffix(arithmetic)),
            .flops = flops * static_cast<double>(repeats),
            .bytes = 0,
            .prepare = [=]() -> std::function<void()> {
                const auto work = std::make_shared<Work>(arithmetic, m, k, n);
                return [work, repeats] {
                    for (std::size_t i = 0; i < repeats; ++i) {
                        work->run();
                    }
                };
            }};
}

// One product of few rows for every thread, over and over.
BenchCase small_product_case(Arithmetic arithmetic, std::size_t m, std::size_t k, std::size_t n) {
    const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
    const auto repeats = static_cast<std::size_t>(std::ceil(kProductFlops / flops));
    const std::size_t threads = thread_count();
    return {.name = text_of("product ", m, "x", k, "x", n, ", one on each thread", suffix(arithmetic)),
            .flops = flops * static_cast<double>(repeats * threads),
            .bytes = 0,
            .prepare = [=]() -> std::function<void()> {
                const auto work =
                    std::make_shared<std::vector<Product>>(threads, Product(arithmetic, m, k, n));
                return [work, repeats] {
                    parallel_for(work->size(), [&](std::size_t task) {
                        for (std::size_t i = 0; i < repeats; ++i) {
                            (*work)[task].run();
                        }
                    });
                };
            }};
}

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

// A whole step of two leaves: gradients, their sum, clipping, AdamW, packing.
BenchCase step_case(const std::string& preset, Arithmetic arithmetic, std::uint32_t context) {
    const ModelConfig config = with_context(preset, arithmetic, context);
    const std::size_t sequences = leaf_sequences(context);
    constexpr std::size_t kLeaves = 2;
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

struct Runner {
    explicit Runner(const ModelConfig& config)
        : model(initial_model(config, 1)), packed(model, PackFor::inference) {}
    Model model;
    PackedModel packed;
};

// As the encoder does: one stream a thread, from an empty context.
BenchCase score_case(const std::string& preset, Arithmetic arithmetic, std::size_t positions) {
    const ModelConfig config = with_arithmetic(preset, arithmetic);
    const std::size_t streams = thread_count();
    return {.name = text_of("score ", preset, ", ", streams, streams == 1 ? " stream" : " streams",
                            suffix(arithmetic)),
            .flops = forward_flops(config, 0, positions) * static_cast<double>(streams),
            .bytes = static_cast<double>(positions * streams),
            .prepare = [=]() -> std::function<void()> {
                const auto runner = std::make_shared<Runner>(config);
                const auto symbols = std::make_shared<std::vector<Symbol>>(random_symbols(positions));
                return [=] {
                    parallel_for(streams, [&](std::size_t) {
                        Scorer scorer(runner->packed, default_reset(config));
                        std::span<const Symbol> rest = *symbols;
                        while (!rest.empty()) {
                            const std::size_t count = std::min(rest.size(), Scorer::kMostPositions);
                            (void)scorer.score(rest.first(count));
                            rest = rest.subspan(count);
                        }
                    });
                };
            }};
}

// As the decoder does: streams dealt to the threads, one position of all at a time, from an empty context.
BenchCase stepper_case(const std::string& preset, Arithmetic arithmetic, std::size_t streams,
                       std::size_t positions) {
    const ModelConfig config = with_arithmetic(preset, arithmetic);
    const std::size_t groups = std::min(streams, thread_count());
    return {.name = text_of("step ", preset, ", ", streams, streams == 1 ? " stream" : " streams",
                            suffix(arithmetic)),
            .flops = forward_flops(config, 0, positions) * static_cast<double>(streams),
            .bytes = static_cast<double>(positions * streams),
            .prepare = [=]() -> std::function<void()> {
                const auto runner = std::make_shared<Runner>(config);
                const auto symbols =
                    std::make_shared<std::vector<Symbol>>(random_symbols(positions * streams));
                return [=] {
                    parallel_for(groups, [&](std::size_t group) {
                        const std::size_t first = streams * group / groups;
                        const std::size_t count = streams * (group + 1) / groups - first;
                        Stepper stepper(runner->packed, count, default_reset(config));
                        for (std::size_t position = 0; position < positions; ++position) {
                            (void)stepper.predict();
                            stepper.accept(std::span(*symbols).subspan(position * streams + first, count));
                        }
                    });
                };
            }};
}

}  // namespace

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
    // Tokens x inputs x outputs of the presets' products, and of one stream's.
    using Shape = std::array<std::size_t, 3>;
    const std::vector<Shape> shapes =
        quick ? std::vector<Shape>{{4096, 256, 1024}, {32, 256, 1024}, {1, 256, 1024}}
              : std::vector<Shape>{{4096, 256, 768}, {4096, 256, 256}, {4096, 256, 1024}, {4096, 1024, 256},
                                   {4096, 128, 512}, {4096, 64, 256},  {16384, 64, 192},  {256, 256, 1024},
                                   {32, 256, 1024},  {1, 256, 1024}};
    constexpr Arithmetic kBoth[] = {Arithmetic::fp32, Arithmetic::bf16};
    std::vector<BenchCase> cases;
    for (const Shape& s : shapes) {
        for (const Arithmetic arithmetic : kBoth) {
            cases.push_back(s[0] < kSplitRows
                                ? small_product_case(arithmetic, s[0], s[1], s[2])
                                : product_case<Product>("product", arithmetic, s[0], s[1], s[2], s));
        }
    }
    for (const Arithmetic arithmetic : kBoth) {
        cases.push_back(
            product_case<WeightGradient>("weight gradient", arithmetic, 4096, 256, 1024, {256, 4096, 1024}));
    }
    const std::vector<std::string> presets =
        quick ? std::vector<std::string>{"200k"} : std::vector<std::string>{"200k", "800k", "3.2m"};
    for (const std::string& preset : presets) {
        for (const std::uint32_t context :
             quick ? std::vector<std::uint32_t>{512} : std::vector<std::uint32_t>{512, 2048}) {
            for (const Arithmetic arithmetic : kBoth) {
                cases.push_back(gradient_case(preset, arithmetic, context));
                cases.push_back(step_case(preset, arithmetic, context));
            }
        }
    }
    for (const std::string& preset : presets) {
        for (const Arithmetic arithmetic : kBoth) {
            cases.push_back(score_case(preset, arithmetic, quick ? 512 : 2048));
            cases.push_back(stepper_case(preset, arithmetic, kStreams, quick ? 32 : 256));
            cases.push_back(stepper_case(preset, arithmetic, 1, quick ? 128 : 1024));
        }
    }
    return cases;
}

}  // namespace bitlaw::cli
