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
#include "support/block_conformance.hpp"

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

/// So many sequences of the config's context.
std::vector<Symbol> symbols_of(const ModelConfig& config, std::size_t sequences) {
    return test::random_symbols(sequences * config.context, config.alphabet);
}

}  // namespace

TEST_CASE("loss and gradients of whole networks agree with finite differences in double precision") {
    for (Kind kind : kKinds) {
        kind.cache = CachePrecision::fp32;  // rounding has no derivative: how gradients pass it, see below
        CAPTURE(static_cast<int>(kind.architecture));
        CAPTURE(arithmetic_name(kind.arithmetic));
        const ModelConfig config = tiny(kind);
        // Nine products follow each other on the way to the logits: four a layer, and the head's.
        test::check_gradients(noisy(config, 11), symbols_of(config, 2), config.context, 9);
    }
}

TEST_CASE("networks give the same bits for every instruction set, thread count and in a hostile process") {
    for (const Kind kind : kKinds) {
        CAPTURE(static_cast<int>(kind.architecture));
        CAPTURE(arithmetic_name(kind.arithmetic));
        ModelConfig config = tiny(kind);
        config.context = allowed_context(kind.arithmetic, 131);
        config.window = kind.architecture == Architecture::vanilla ? config.context : 50;
        const Model model = noisy(config, 5);
        const std::vector<Symbol> symbols = symbols_of(config, 4);
        test::check_same_bits(model, {std::span(symbols).first(3 * config.context), 3, config.context});
        test::check_batches(model, symbols, config.context);
    }
}

TEST_CASE(
    "the arithmetic of the config is the one in force: loss and every gradient differ between the two") {
    ModelConfig config = tiny({Architecture::modern, Arithmetic::bf16, CachePrecision::fp32});
    const Model model = noisy(config, 5);
    config.arithmetic = Arithmetic::fp32;
    Model same(config);
    same.weights = model.weights;
    const std::vector<Symbol> symbols = symbols_of(config, 1);
    const SequenceBatch batch{symbols, 1, config.context};
    const test::NetworkResult rounded = test::run_network(model, batch);
    const test::NetworkResult unrounded = test::run_network(same, batch);
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
    const std::vector<Symbol> symbols = symbols_of(config, 1);
    const SequenceBatch batch{symbols, 1, config.context};
    const test::NetworkResult rounded = test::run_network(model, batch);
    const test::NetworkResult unrounded = test::run_network(same, batch);
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
    const std::vector<Symbol> symbols = test::random_symbols(2 * 7, config.alphabet);
    std::vector<float> gradient(model.layout.size);
    CHECK_THROWS((void)network.gradient({symbols, 2, 7}, 1.0F, gradient));
    CHECK_NOTHROW((void)network.loss({symbols, 2, 7}));
}

TEST_CASE("scorer and stepper give the network's bits, however the stream is cut") {
    for (const Kind kind : kKinds) {
        const bool vanilla = kind.architecture == Architecture::vanilla;
        for (const std::uint32_t window : {1U, 16U, 33U}) {
            CAPTURE(arithmetic_name(kind.arithmetic));
            ModelConfig config = tiny(kind);
            config.context = allowed_context(kind.arithmetic, vanilla ? window : 97);
            config.window = vanilla ? config.context : window;
            test::check_streams(noisy(config, 9), symbols_of(config, 3), config.context);
        }
    }
}

TEST_CASE("a stream far longer than the window runs in constant memory with stepper and scorer in step") {
    ModelConfig config = tiny({Architecture::modern, Arithmetic::fp32, CachePrecision::bf16});
    config.context = 64;
    config.window = 40;
    test::check_long_stream(noisy(config, 2), test::random_symbols(5000, config.alphabet));
}
