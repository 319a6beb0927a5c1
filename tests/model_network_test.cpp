#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/model/scorer.hpp"
#include "bitlaw/model/stepper.hpp"
#include "support/hostile_float_state.hpp"
#include "support/plain_network.hpp"

using namespace bitlaw;

namespace {

/// Small enough for finite differences of every weight; odd sizes on purpose.
ModelConfig tiny(Architecture architecture) {
    const bool vanilla = architecture == Architecture::vanilla;
    return {.architecture = architecture,
            .alphabet = 19,
            .width = 18,
            .layers = 2,
            .heads = 2,
            .kv_heads = vanilla ? 2U : 1U,
            .head_width = 16,
            .hidden = 23,
            .context = 21,
            .window = vanilla ? 21U : 9U,
            .rotary_base = 100};
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

TEST_CASE("loss and every weight's gradient agree with finite differences of a plain double-precision network") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        CAPTURE(static_cast<int>(architecture));
        const ModelConfig config = tiny(architecture);
        const Model model = noisy(config, 11);
        const std::vector<Symbol> symbols = random_symbols(config, 2 * config.context);
        const SequenceBatch batch{symbols, 2, config.context};
        const Result fast = run_network(model, batch);

        const plain::PlainNetwork plain(config);
        std::vector<double> weights(model.weights.begin(), model.weights.end());
        const double nats = plain.loss(weights, symbols, config.context);
        // Relative error of a logit is some hundred roundings; the loss averages them.
        const double epsilon = std::numeric_limits<float>::epsilon();
        CHECK(fast.bits * std::log(2.0) == doctest::Approx(nats).epsilon(200 * epsilon));

        for (const Tensor& tensor : model.layout.tensors()) {
            CAPTURE(tensor.name);
            double norm = 0;
            double error = 0;
            for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
                // Central differences of a function of size 100: truncation h^2, rounding 1e-16 * 100 / h; h balances them.
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
            // Sums of at most 42 tokens x 23 terms through some 20 operations in fp32: relative 2^-24 * sqrt(42 * 23) * 20 < 1e-4.
            CHECK(std::sqrt(error) < 1e-4 * std::sqrt(norm));
        }
    }
}

TEST_CASE("forward and gradient give the same bits for every instruction set, thread count and in a hostile process") {
    const Isa before = chosen_isa();
    const std::size_t threads_before = thread_count();
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        ModelConfig config = tiny(architecture);
        config.context = 131;
        config.window = architecture == Architecture::vanilla ? 131 : 50;
        const Model model = noisy(config, 5);
        const std::vector<Symbol> symbols = random_symbols(config, 3 * config.context);
        const SequenceBatch batch{symbols, 3, config.context};
        choose_isa(Isa::scalar);
        set_thread_count(1);
        const Result expected = run_network(model, batch);
        for (const Isa isa : available_isas()) {
            for (const std::size_t threads : {1, 2, 3}) {
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
    const ModelConfig config = tiny(Architecture::modern);
    const Model model = noisy(config, 5);
    const std::vector<Symbol> symbols = random_symbols(config, 4 * config.context);
    const PackedModel packed(model, PackFor::training);
    Network network(packed);
    std::vector<float> whole(model.layout.size);
    (void)network.gradient({symbols, 4, config.context}, 0.5F, whole);
    std::vector<float> parts(model.layout.size);
    const std::span<const Symbol> all(symbols);
    for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, 2}, {3, 1}}) {
        (void)network.gradient({all.subspan(first * config.context, count * config.context), count, config.context}, 0.5F,
                               parts);
    }
    CHECK(std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(float)) == 0);
}

TEST_CASE("scorer and stepper give the network's bits, however the stream is cut") {
    for (const Architecture architecture : {Architecture::vanilla, Architecture::modern}) {
        for (const std::uint32_t window : {1U, 16U, 33U}) {
            ModelConfig config = tiny(architecture);
            config.context = architecture == Architecture::vanilla ? window : 97;
            config.window = window;
            const std::uint64_t reset = architecture == Architecture::vanilla ? window : 97;
            const Model model = noisy(config, 9);
            const PackedModel packed(model, PackFor::inference);
            Network network(packed);
            const std::size_t streams = 3;
            const std::vector<Symbol> symbols = random_symbols(config, streams * reset);
            (void)network.loss({symbols, streams, reset});
            const std::vector<float> expected(network.logits().begin(), network.logits().end());
            const std::size_t row_bytes = config.alphabet * sizeof(float);
            for (const Isa isa : available_isas()) {
                CAPTURE(isa_name(isa));
                choose_isa(isa);
                for (const std::size_t cut : {1, 5, 16, 64, 256}) {
                    CAPTURE(cut);
                    // One stream through all sequences: the reset makes them independent.
                    Scorer scorer(packed, reset);
                    std::size_t wrong = 0;
                    for (std::size_t first = 0; first < symbols.size(); first += cut) {
                        const std::size_t n = std::min(cut, symbols.size() - first);
                        const float* logits = scorer.score(std::span<const Symbol>(symbols).subspan(first, n));
                        wrong += std::memcmp(logits, expected.data() + first * config.alphabet, n * row_bytes) != 0;
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
    ModelConfig config = tiny(Architecture::modern);
    config.context = 64;
    config.window = 40;
    const Model model = noisy(config, 2);
    const PackedModel packed(model, PackFor::inference);
    const std::vector<Symbol> symbols = random_symbols(config, 5000);
    Scorer scorer(packed, 0);
    Stepper stepper(packed, 1, 0);
    std::size_t wrong = 0;
    for (std::size_t first = 0; first < symbols.size();) {
        const std::size_t n = std::min(symbols.size() - first, 1 + first * 7 % Scorer::kMostPositions);
        const float* logits = scorer.score(std::span<const Symbol>(symbols).subspan(first, n));
        for (std::size_t i = 0; i < n; ++i) {
            wrong += std::memcmp(logits + i * config.alphabet, stepper.predict(), config.alphabet * sizeof(float)) != 0;
            stepper.accept(std::span<const Symbol>(symbols).subspan(first + i, 1));
        }
        first += n;
    }
    CHECK(wrong == 0);
}
