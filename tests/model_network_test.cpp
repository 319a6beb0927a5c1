#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/blocks.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/predict/scorer.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "support/hostile_float_state.hpp"
#include "support/plain_network.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using namespace bitlaw::predict;

namespace {

struct Kind {
    Architecture architecture;
    Arithmetic arithmetic;
    CachePrecision cache;
};

// Every pair of fields.
constexpr Kind kKinds[] = {{Architecture::vanilla, Arithmetic::fp32, CachePrecision::fp32},
                           {Architecture::modern, Arithmetic::fp32, CachePrecision::bf16},
                           {Architecture::vanilla, Arithmetic::bf16, CachePrecision::bf16},
                           {Architecture::modern, Arithmetic::bf16, CachePrecision::fp32}};

/// A context that the arithmetic allows: bf16 needs an even one.
std::uint32_t allowed_context(Arithmetic arithmetic, std::uint32_t context) {
    return context + (arithmetic == Arithmetic::bf16 ? context % 2 : 0);
}

/// Small enough for finite differences of every weight; odd sizes on purpose.
ModelConfig tiny(Kind kind) {
    const bool vanilla = kind.architecture == Architecture::vanilla;
    const std::uint32_t context = allowed_context(kind.arithmetic, 21);
    return {.architecture = kind.architecture,
            .arithmetic = kind.arithmetic,
            .cache = kind.cache,
            .alphabet = 19,
            .width = 18,
            .layers = 2,
            .heads = 2,
            .kv_heads = vanilla ? 2U : 1U,
            .head_width = 16,
            .hidden = 23,
            .context = context,
            .window = vanilla ? context : 9U,
            .rotary_base = 100,
            .taps = vanilla ? 0U : 2U};
}

/// Weights with noise everywhere, so that projections that start at zero do not hide anything.
Model noisy(const ModelConfig& config, std::uint64_t seed) {
    Model model = initial_model(config, seed);
    Random random(seed, 1);
    for (float& weight : model.weights) {
        weight += static_cast<float>(0.1 * random.normal());
    }
    return model;
}

std::vector<Symbol> random_symbols(const ModelConfig& config, std::size_t count) {
    Random random(3);
    std::vector<Symbol> symbols(count);
    for (Symbol& symbol : symbols) {
        symbol = static_cast<Symbol>(random.below(config.alphabet));
    }
    return symbols;
}

struct Result {
    double bits;
    std::vector<float> logits;
    std::vector<float> gradient;
    bool operator==(const Result&) const = default;
};

Result run_network(const Model& model, const SequenceBatch& batch) {
    const PackedModel packed(model, PackFor::training);
    Network network(packed);
    Result result;
    result.bits = network.loss(batch);
    result.logits.assign(network.logits().begin(), network.logits().end());
    result.gradient.resize(model.layout.size);
    const double again = network.gradient(batch, 0.25F, result.gradient);
    CHECK(again == result.bits);
    return result;
}

}  // namespace

TEST_CASE(
    "loss and every weight's gradient agree with finite differences of a plain double-precision network") {
    for (Kind kind : kKinds) {
        kind.cache = CachePrecision::fp32;  // rounding has no derivative: how gradients pass it, see below
        CAPTURE(static_cast<int>(kind.architecture));
        CAPTURE(arithmetic_name(kind.arithmetic));
        const ModelConfig config = tiny(kind);
        const Model model = noisy(config, 11);
        const std::vector<Symbol> symbols = random_symbols(config, 2 * config.context);
        const SequenceBatch batch{symbols, 2, config.context};
        const Result fast = run_network(model, batch);

        const bitlaw::model::plain::PlainNetwork plain(model.spec);
        std::vector<double> weights(model.weights.begin(), model.weights.end());
        const double nats = plain.loss(weights, symbols, config.context);
        // Relative error of a logit is some hundred roundings; the loss averages them.
        const double epsilon = std::numeric_limits<float>::epsilon();
        // bf16 rounds both factors of a product to 2^-9 of themselves: 2^-8 of its norm at most. Errors of
        // the products that follow each other add up: 9 on the way to the logits, which are of size 1 as the
        // loss is, 18 there and back.
        const double product_error = std::ldexp(1.0, -8);
        const bool bf16 = kind.arithmetic == Arithmetic::bf16;
        CHECK(fast.bits * std::log(2.0) ==
              doctest::Approx(nats).epsilon(bf16 ? 9 * product_error : 200 * epsilon));

        for (const Tensor& tensor : model.layout.tensors()) {
            CAPTURE(tensor.name);
            double norm = 0;
            double error = 0;
            for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
                // Central differences of a function of size 100: truncation h^2, rounding 1e-16 * 100 / h; h
                // balances them.
                const double h = 1e-5;
                const double weight = weights[i];
                weights[i] = weight + h;
                const double above = plain.loss(weights, symbols, config.context);
                weights[i] = weight - h;
                const double below = plain.loss(weights, symbols, config.context);
                weights[i] = weight;
                const double difference = 0.25 * (above - below) / (2 * h);
                norm += difference * difference;
                error += (difference - fast.gradient[i]) * (difference - fast.gradient[i]);
            }
            CHECK(norm > 0);
            // Sums of at most 42 tokens x 23 terms through some 20 operations in fp32: relative 2^-24 *
            // sqrt(42 * 23) * 20 < 1e-4.
            CHECK(std::sqrt(error) < (bf16 ? 18 * product_error : 1e-4) * std::sqrt(norm));
        }
    }
}

TEST_CASE(
    "forward and gradient give the same bits for every instruction set, thread count and in a hostile "
    "process") {
    const Isa before = chosen_isa();
    const std::size_t threads_before = thread_count();
    for (const Kind kind : kKinds) {
        ModelConfig config = tiny(kind);
        config.context = allowed_context(kind.arithmetic, 131);
        config.window = kind.architecture == Architecture::vanilla ? config.context : 50;
        const Model model = noisy(config, 5);
        const std::vector<Symbol> symbols = random_symbols(config, 3 * config.context);
        const SequenceBatch batch{symbols, 3, config.context};
        choose_isa(Isa::scalar);
        set_thread_count(1);
        const Result expected = run_network(model, batch);
        for (const Isa isa : available_isas()) {
            for (const std::size_t threads : {1, 2, 3}) {
                CAPTURE(arithmetic_name(kind.arithmetic));
                CAPTURE(isa_name(isa));
                CAPTURE(threads);
                choose_isa(isa);
                set_thread_count(threads);
                CHECK(run_network(model, batch) == expected);
                const test::HostileFloatState hostile;
                CHECK(run_network(model, batch) == expected);
            }
        }
    }
    choose_isa(before);
    set_thread_count(threads_before);
}

TEST_CASE("gradient calls one after another continue the chain: any cut into sequences gives the same bits") {
    for (const Arithmetic arithmetic : {Arithmetic::fp32, Arithmetic::bf16}) {
        CAPTURE(arithmetic_name(arithmetic));
        const ModelConfig config = tiny({Architecture::modern, arithmetic, CachePrecision::bf16});
        const Model model = noisy(config, 5);
        const std::vector<Symbol> symbols = random_symbols(config, 4 * config.context);
        const PackedModel packed(model, PackFor::training);
        Network network(packed);
        std::vector<float> whole(model.layout.size);
        (void)network.gradient({symbols, 4, config.context}, 0.5F, whole);
        std::vector<float> parts(model.layout.size);
        const std::span<const Symbol> all(symbols);
        for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, 2}, {3, 1}}) {
            (void)network.gradient(
                {all.subspan(first * config.context, count * config.context), count, config.context}, 0.5F,
                parts);
        }
        CHECK(std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(float)) == 0);
    }
}

TEST_CASE(
    "the arithmetic of the config is the one in force: loss and every gradient differ between the two") {
    ModelConfig config = tiny({Architecture::modern, Arithmetic::bf16, CachePrecision::fp32});
    const Model model = noisy(config, 5);
    config.arithmetic = Arithmetic::fp32;
    Model same(config);
    same.weights = model.weights;
    const std::vector<Symbol> symbols = random_symbols(config, config.context);
    const SequenceBatch batch{symbols, 1, config.context};
    const Result rounded = run_network(model, batch);
    const Result unrounded = run_network(same, batch);
    CHECK(rounded.bits != unrounded.bits);
    for (const Tensor& tensor : model.layout.tensors()) {
        CAPTURE(tensor.name);
        CHECK(std::memcmp(rounded.gradient.data() + tensor.offset, unrounded.gradient.data() + tensor.offset,
                          tensor.size() * sizeof(float)) != 0);
    }
}

TEST_CASE(
    "a bf16 cache rounds keys and values after all else, and gradients pass as those of fp32 at the rounded "
    "numbers") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        CAPTURE(static_cast<int>(architecture));
        const ModelConfig exact_config = tiny({architecture, Arithmetic::fp32, CachePrecision::fp32});
        ModelConfig config = exact_config;
        config.cache = CachePrecision::bf16;
        const Model exact_model = noisy(exact_config, 6);
        Model model(config);
        model.weights = exact_model.weights;
        const PackedModel exact(exact_model, PackFor::training);
        const PackedModel rounded(model, PackFor::training);
        constexpr std::size_t kBlock = 2;  // the second layer's attention
        constexpr std::size_t kRows = 7;
        const std::size_t width = config.width;
        const std::size_t queries = std::size_t{config.heads} * config.head_width;
        const std::size_t keys = std::size_t{config.kv_heads} * config.head_width;
        const std::size_t projected = queries + 2 * keys;
        Random random(12);
        const auto numbers = [&](std::size_t count) {
            Floats values(count);
            for (float& value : values) {
                value = static_cast<float>(random.normal());
            }
            return values;
        };
        const Floats x = numbers(kRows * width);
        const Floats cosine = numbers(kRows * 8), sine = numbers(kRows * 8);  // D / 2 = 8
        struct Memory {
            Floats qkv, q_inverse, k_inverse;
        };
        const auto forward = [&](const PackedModel& packed, Memory& m) {
            m = {Floats(kRows * projected), Floats(kRows * config.heads), Floats(kRows * config.kv_heads)};
            const BlockRows rows{.in = x.data(),
                                 .sum = nullptr,
                                 .value = {m.qkv.data(), m.q_inverse.data(), m.k_inverse.data()},
                                 .cosine = cosine.data(),
                                 .sine = sine.data()};
            kAttention.begin(packed.block(kBlock), rows, kRows);
            return rows;
        };
        Memory expected, found;
        const BlockRows exact_rows = forward(exact, expected);
        const BlockRows rounded_rows = forward(rounded, found);
        CHECK(found.qkv != expected.qkv);
        for (std::size_t row = 0; row < kRows; ++row) {
            float* first = expected.qkv.data() + row * projected + queries;
            kernel_table().round_bf16(first, 2 * keys, first);
        }
        CHECK(found.qkv == expected.qkv);

        const Floats dqkv = numbers(kRows * projected);
        const auto backward = [&](const PackedModel& packed, const BlockRows& rows) {
            Floats gradient = dqkv, in(kRows * width);
            const BlockGradients g{
                .dsum = nullptr, .din = in.data(), .start = ChainStart::zero, .value = {gradient.data()}};
            kAttention.begin_backward(packed.block(kBlock), rows, g, kRows);
            return std::pair(gradient, in);
        };
        const auto wanted = backward(exact, exact_rows);
        CHECK(backward(rounded, rounded_rows) == wanted);
        CHECK(wanted.second != Floats(kRows * width));
    }
}

TEST_CASE("the precision of the cache is the one in force: loss and every gradient differ between the two") {
    ModelConfig config = tiny({Architecture::modern, Arithmetic::fp32, CachePrecision::bf16});
    const Model model = noisy(config, 5);
    config.cache = CachePrecision::fp32;
    Model same(config);
    same.weights = model.weights;
    const std::vector<Symbol> symbols = random_symbols(config, config.context);
    const SequenceBatch batch{symbols, 1, config.context};
    const Result rounded = run_network(model, batch);
    const Result unrounded = run_network(same, batch);
    CHECK(rounded.bits != unrounded.bits);
    // Every key and value is off by 2^-9 of itself at most.
    CHECK(rounded.bits == doctest::Approx(unrounded.bits).epsilon(std::ldexp(1.0, -7)));
    for (const Tensor& tensor : model.layout.tensors()) {
        CAPTURE(tensor.name);
        CHECK(std::memcmp(rounded.gradient.data() + tensor.offset, unrounded.gradient.data() + tensor.offset,
                          tensor.size() * sizeof(float)) != 0);
    }
}

TEST_CASE("bf16 sums pairs of tokens, so sequences of odd length are refused") {
    const ModelConfig config = tiny({Architecture::modern, Arithmetic::bf16, CachePrecision::fp32});
    const Model model = noisy(config, 5);
    const PackedModel packed(model, PackFor::training);
    Network network(packed);
    const std::vector<Symbol> symbols = random_symbols(config, 2 * 7);
    std::vector<float> gradient(model.layout.size);
    CHECK_THROWS((void)network.gradient({symbols, 2, 7}, 1.0F, gradient));
    CHECK_NOTHROW((void)network.loss({symbols, 2, 7}));
}

TEST_CASE("scorer and stepper give the network's bits, however the stream is cut") {
    for (const Kind kind : kKinds) {
        const bool vanilla = kind.architecture == Architecture::vanilla;
        for (const std::uint32_t window : {1U, 16U, 33U}) {
            ModelConfig config = tiny(kind);
            config.context = allowed_context(kind.arithmetic, vanilla ? window : 97);
            config.window = vanilla ? config.context : window;
            const std::uint64_t reset = config.context;
            const Model model = noisy(config, 9);
            const PackedModel packed(model, PackFor::inference);
            Network network(packed);
            const std::size_t streams = 3;
            const std::vector<Symbol> symbols = random_symbols(config, streams * reset);
            (void)network.loss({symbols, streams, reset});
            const std::vector<float> expected(network.logits().begin(), network.logits().end());
            const std::size_t row_bytes = config.alphabet * sizeof(float);
            for (const Isa isa : available_isas()) {
                CAPTURE(arithmetic_name(kind.arithmetic));
                CAPTURE(isa_name(isa));
                choose_isa(isa);
                for (const std::size_t cut : {1, 5, 16, 64, 256}) {
                    CAPTURE(cut);
                    // One stream through all sequences: the reset makes them independent.
                    Scorer scorer(packed, reset);
                    std::size_t wrong = 0;
                    for (std::size_t first = 0; first < symbols.size(); first += cut) {
                        const std::size_t n = std::min(cut, symbols.size() - first);
                        const float* logits =
                            scorer.score(std::span<const Symbol>(symbols).subspan(first, n));
                        wrong += std::memcmp(logits, expected.data() + first * config.alphabet,
                                             n * row_bytes) != 0;
                    }
                    CHECK(wrong == 0);
                }
                Stepper stepper(packed, streams, reset);
                std::size_t wrong = 0;
                for (std::size_t t = 0; t < reset; ++t) {
                    const float* logits = stepper.predict();
                    std::vector<Symbol> next(streams);
                    for (std::size_t stream = 0; stream < streams; ++stream) {
                        const std::size_t token = stream * reset + t;
                        wrong += std::memcmp(logits + stream * config.alphabet,
                                             expected.data() + token * config.alphabet, row_bytes) != 0;
                        next[stream] = symbols[token];
                    }
                    stepper.accept(next);
                }
                CHECK(wrong == 0);
            }
        }
    }
}

TEST_CASE("a stream far longer than the window runs in constant memory with stepper and scorer in step") {
    ModelConfig config = tiny({Architecture::modern, Arithmetic::fp32, CachePrecision::bf16});
    config.context = 64;
    config.window = 40;
    const Model model = noisy(config, 2);
    const PackedModel packed(model, PackFor::inference);
    const std::vector<Symbol> symbols = random_symbols(config, 5000);
    Scorer scorer(packed, 0);
    Stepper stepper(packed, 1, 0);
    std::size_t wrong = 0;
    for (std::size_t first = 0; first < symbols.size();) {
        const std::size_t n = std::min(symbols.size() - first, 1 + first * 7 % Scorer::kMaxPositions);
        const float* logits = scorer.score(std::span<const Symbol>(symbols).subspan(first, n));
        for (std::size_t i = 0; i < n; ++i) {
            wrong += std::memcmp(logits + i * config.alphabet, stepper.predict(),
                                 config.alphabet * sizeof(float)) != 0;
            stepper.accept(std::span<const Symbol>(symbols).subspan(first + i, 1));
        }
        first += n;
    }
    CHECK(wrong == 0);
}
