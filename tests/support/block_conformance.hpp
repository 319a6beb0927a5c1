#pragma once
/// \file What every block must do, whatever it computes: gradients as finite differences say, the same bits
/// position by position as in whole sequences, for any cut, instruction set and number of threads, and from a
/// copied state on.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/model/blocks.hpp"
#include "bitlaw/model/embedding.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/predict/inference_rows.hpp"
#include "bitlaw/predict/scorer.hpp"
#include "bitlaw/predict/stepper.hpp"
#include "support/hostile_float_state.hpp"
#include "support/isa_scope.hpp"
#include "support/plain_network.hpp"
#include "support/random_symbols.hpp"
#include "support/threads.hpp"

namespace bitlaw::test {

/// Odd sizes on purpose, and small enough for finite differences of every weight.
inline constexpr std::size_t kBlockWidth = 18;
inline constexpr std::size_t kBlockAlphabet = 19;

/// A network of two layers with that block between an embedding with taps and a head without a norm. It never
/// needs a reset.
inline model::NetworkSpec network_of(const model::BlockSpec& block, model::Arithmetic arithmetic) {
    return {
        .arithmetic = arithmetic,
        .embedding = {.alphabet = kBlockAlphabet, .width = kBlockWidth, .taps = 2},
        .rotary = {.base = 100, .width = block.attention.head_width},
        .layers = {{block}, {block}},
        .head = {
            .width = kBlockWidth, .alphabet = kBlockAlphabet, .bias = true, .init = model::Init::product}};
}

/// Weights with noise everywhere, so that what starts at zero does not hide anything. The config is only what
/// drivers ask for: how many symbols there are.
inline model::Model noisy_network(const model::NetworkSpec& spec, std::uint64_t seed) {
    model::ModelConfig config;
    config.alphabet = kBlockAlphabet;
    model::Model model(config, spec);
    model::draw_weights(model, seed);
    Random random(seed, 1);
    for (float& weight : model.weights) {
        weight += static_cast<float>(0.1 * random.normal());
    }
    return model;
}

struct NetworkResult {
    double bits;
    std::vector<float> logits;
    std::vector<float> gradient;  ///< of 0.25 ln 2 bits
    bool operator==(const NetworkResult&) const = default;
};

inline NetworkResult run_network(const model::Model& model, const model::SequenceBatch& batch) {
    const model::PackedModel packed(model, model::PackFor::training);
    model::Network network(packed);
    NetworkResult result;
    result.bits = network.loss(batch);
    result.logits.assign(network.logits().begin(), network.logits().end());
    result.gradient.resize(model.layout.size);
    const double again = network.gradient(batch, 0.25F, result.gradient);
    CHECK(again == result.bits);
    return result;
}

/// Loss and every weight's gradient against a plain network in double. `operations` that follow each other on
/// the way to the logits, each of which rounds bf16 factors: 2 a block and 1 for the head at least.
inline void check_gradients(const model::Model& model, std::span<const symbols::Symbol> symbols,
                            std::size_t positions, double operations) {
    const model::SequenceBatch batch{symbols, symbols.size() / positions, positions};
    const NetworkResult fast = run_network(model, batch);
    const model::plain::PlainNetwork plain(model.spec);
    std::vector<double> weights(model.weights.begin(), model.weights.end());
    const double nats = plain.loss(weights, symbols, positions);
    // Relative error of a logit is some hundred roundings; the loss averages them.
    const double epsilon = std::numeric_limits<float>::epsilon();
    // bf16 rounds both factors of a product to 2^-9 of themselves: 2^-8 of its norm at most. Errors of the
    // products that follow each other add up, once on the way to the logits, which are of size 1 as the loss
    // is, twice there and back.
    const double product_error = std::ldexp(1.0, -8);
    const bool bf16 = model.spec.arithmetic == model::Arithmetic::bf16;
    CHECK(fast.bits * std::log(2.0) ==
          doctest::Approx(nats).epsilon(bf16 ? operations * product_error : 200 * epsilon));

    for (const model::Tensor& tensor : model.layout.tensors()) {
        CAPTURE(tensor.name);
        double norm = 0;
        double error = 0;
        // All of small tensors, about a hundred of large ones.
        const std::size_t stride = tensor.size() / 100 | 1;
        for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); i += stride) {
            // Central differences of a function of size 100: truncation h^2, rounding 1e-16 * 100 / h; h
            // balances them.
            const double h = 1e-5;
            const double weight = weights[i];
            weights[i] = weight + h;
            const double above = plain.loss(weights, symbols, positions);
            weights[i] = weight - h;
            const double below = plain.loss(weights, symbols, positions);
            weights[i] = weight;
            const double difference = 0.25 * (above - below) / (2 * h);
            norm += difference * difference;
            error += (difference - fast.gradient[i]) * (difference - fast.gradient[i]);
        }
        CHECK(norm > 0);
        // Sums of at most 42 tokens x 23 terms through some 20 operations in fp32: relative 2^-24 * sqrt(42 *
        // 23) * 20 < 1e-4.
        CHECK(std::sqrt(error) < (bf16 ? 2 * operations * product_error : 1e-4) * std::sqrt(norm));
    }
}

/// The same bits for every instruction set, number of threads and in a hostile process.
inline void check_same_bits(const model::Model& model, const model::SequenceBatch& batch) {
    const NetworkResult expected = [&] {
        const IsaScope isa(kernels::Isa::scalar);
        const Threads threads(1);
        return run_network(model, batch);
    }();
    for (const kernels::Isa isa : kernels::available_isas()) {
        for (const std::size_t threads : {1, 2, 3}) {
            CAPTURE(kernels::isa_name(isa));
            CAPTURE(threads);
            const IsaScope isa_scope(isa);
            const Threads thread_scope(threads);
            CHECK(run_network(model, batch) == expected);
            const HostileFloatState hostile;
            CHECK(run_network(model, batch) == expected);
        }
    }
}

/// Calls one after another continue the chain: any cut into sequences gives the same bits.
inline void check_batches(const model::Model& model, std::span<const symbols::Symbol> symbols,
                          std::size_t positions) {
    const model::PackedModel packed(model, model::PackFor::training);
    model::Network network(packed);
    const std::size_t sequences = symbols.size() / positions;
    std::vector<float> whole(model.layout.size);
    (void)network.gradient({symbols, sequences, positions}, 0.5F, whole);
    std::vector<float> parts(model.layout.size);
    for (std::size_t first = 0, count = 1; first < sequences;
         first += count, count = std::min(2 * count, sequences - first)) {
        (void)network.gradient({symbols.subspan(first * positions, count * positions), count, positions},
                               0.5F, parts);
    }
    CHECK(std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(float)) == 0);
}

/// Scorer and Stepper give the network's bits, however a stream is cut into pieces; resets begin anew.
inline void check_streams(const model::Model& model, std::span<const symbols::Symbol> symbols,
                          std::size_t positions) {
    const model::PackedModel packed(model, model::PackFor::inference);
    const std::size_t alphabet = model.spec.head.alphabet;
    const std::size_t row_bytes = alphabet * sizeof(float);
    const std::size_t streams = symbols.size() / positions;
    model::Network network(packed);
    (void)network.loss({symbols, streams, positions});
    const std::vector<float> expected(network.logits().begin(), network.logits().end());
    for (const kernels::Isa isa : kernels::available_isas()) {
        CAPTURE(kernels::isa_name(isa));
        const IsaScope scope(isa);
        for (const std::size_t cut : {1, 5, 16, 64, 256}) {
            CAPTURE(cut);
            predict::Scorer scorer(packed, positions);  // one stream through all sequences
            std::size_t wrong = 0;
            for (std::size_t first = 0; first < symbols.size(); first += cut) {
                const std::size_t n = std::min(cut, symbols.size() - first);
                const float* logits = scorer.score(symbols.subspan(first, n));
                wrong += std::memcmp(logits, expected.data() + first * alphabet, n * row_bytes) != 0;
            }
            CHECK(wrong == 0);
        }
        predict::Stepper stepper(packed, streams, positions);
        std::size_t wrong = 0;
        std::vector<symbols::Symbol> next(streams);
        for (std::size_t t = 0; t < positions; ++t) {
            const float* logits = stepper.predict();
            for (std::size_t stream = 0; stream < streams; ++stream) {
                const std::size_t token = stream * positions + t;
                wrong += std::memcmp(logits + stream * alphabet, expected.data() + token * alphabet,
                                     row_bytes) != 0;
                next[stream] = symbols[token];
            }
            stepper.accept(next);
        }
        CHECK(wrong == 0);
    }
}

/// A stream far longer than any training sequence: pieces of all lengths and single steps stay together.
inline void check_long_stream(const model::Model& model, std::span<const symbols::Symbol> symbols) {
    const model::PackedModel packed(model, model::PackFor::inference);
    const std::size_t alphabet = model.spec.head.alphabet;
    predict::Scorer scorer(packed, 0);
    predict::Stepper stepper(packed, 1, 0);
    std::size_t wrong = 0;
    for (std::size_t first = 0; first < symbols.size();) {
        const std::size_t n =
            std::min(symbols.size() - first, 1 + first * 7 % predict::Scorer::kMaxPositions);
        const float* logits = scorer.score(symbols.subspan(first, n));
        for (std::size_t i = 0; i < n; ++i) {
            wrong += std::memcmp(logits + i * alphabet, stepper.predict(), alphabet * sizeof(float)) != 0;
            stepper.accept(symbols.subspan(first + i, 1));
        }
        first += n;
    }
    CHECK(wrong == 0);
}

/// Steps of one stream from states that can be copied.
struct CopiedStream {
    explicit CopiedStream(const model::PackedModel& packed) {
        for (const model::BlockSpec& block : model::blocks_of(packed.spec())) {
            if (block.kind->mixing != nullptr) {
                states.emplace_back(block.kind->mixing->step_state(block, 1));
                scratch.resize(std::max(scratch.size(), block.kind->mixing->step_scratch(block)));
            }
        }
    }
    /// Logits [n, V] behind symbols first .. last-1.
    std::vector<float> run(const model::PackedModel& packed, std::span<const symbols::Symbol> symbols,
                           std::size_t first, std::size_t last) {
        const std::size_t taps = packed.spec().embedding.taps;
        predict::InferenceRows rows(packed, 1);
        std::vector<float> logits;
        for (std::size_t t = first; t < last; ++t) {
            model::embed_rows(packed.model(), symbols.data() + taps + t, 1, rows.x());
            rows.stand_at(t, 1);
            rows.run(1,
                     [&](const model::BlockSpec& block, const model::BlockRows& values, std::size_t index) {
                         block.kind->mixing->step(block, values, 1, t, states[index], scratch.data());
                     });
            logits.insert(logits.end(), rows.logits(), rows.logits() + packed.spec().head.alphabet);
        }
        return logits;
    }
    std::vector<model::BlockState> states;
    Floats scratch;
};

/// All that a stream remembers is in its states: a copy goes on with the same bits, and one that begins again
/// at position 0 is as new.
inline void check_resume(const model::Model& model, std::span<const symbols::Symbol> symbols) {
    const model::PackedModel packed(model, model::PackFor::inference);
    const std::size_t steps = symbols.size() - model.spec.embedding.taps;
    CopiedStream stream(packed);
    (void)stream.run(packed, symbols, 0, steps / 3);
    CopiedStream copy = stream;
    const std::vector<float> rest = stream.run(packed, symbols, steps / 3, steps);
    CHECK(copy.run(packed, symbols, steps / 3, steps) == rest);
    const std::vector<float> again = stream.run(packed, symbols, 0, steps);
    CHECK(CopiedStream(packed).run(packed, symbols, 0, steps) == again);
    CHECK(std::equal(rest.begin(), rest.end(), again.end() - static_cast<std::ptrdiff_t>(rest.size())));
}

/// What a block says of itself fits together.
inline void check_description(const model::BlockSpec& spec) {
    const model::Block& block = *spec.kind;
    std::set<std::string> names;
    for (const model::TensorSpec& tensor : block.tensors(spec)) {
        CHECK(names.insert(tensor.name).second);
        std::size_t columns = 0;
        for (const std::size_t part : tensor.parts) {
            columns += part;
        }
        CHECK((tensor.parts.empty() || columns == tensor.columns));
        CHECK((tensor.group != model::Group::vector || tensor.rows <= 1));
    }
    const std::vector<model::Value> values = block.values(spec);
    CHECK(values.size() <= model::kMaxValues);
    CHECK(block.gradients(spec).size() <= model::kMaxValues);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool shares = values[i].shares < model::kMaxValues;
        CHECK((!shares || (values[i].shares < i && values[values[i].shares].width == values[i].width)));
        CHECK((block.mixing != nullptr || values[i].lifetime != model::Lifetime::crosses));
    }
    CHECK((block.begin == nullptr) == (block.mixing == nullptr));
    CHECK((block.begin_backward == nullptr) == (block.mixing == nullptr));
}

/// The whole suite for a block of width kBlockWidth. A window, if it has one, is at most 20.
inline void check_block(model::BlockSpec spec) {
    CAPTURE(spec.kind->name);
    check_description(spec);
    const std::vector<symbols::Symbol> all = random_symbols(3 * 70, kBlockAlphabet);
    const std::span<const symbols::Symbol> symbols(all);
    for (const model::Norm norm :
         {model::Norm::pre_rms, model::Norm::post_layer, model::Norm::pre_rms_gain}) {
        for (const model::Arithmetic arithmetic : {model::Arithmetic::fp32, model::Arithmetic::bf16}) {
            CAPTURE(static_cast<int>(norm));
            CAPTURE(model::arithmetic_name(arithmetic));
            spec.norm = norm;
            model::BlockSpec exact = spec;
            exact.attention.cache = model::CachePrecision::fp32;  // rounding has no derivative
            check_gradients(noisy_network(network_of(exact, arithmetic), 11), symbols.first(2 * 22), 22, 9);
            if ((norm == model::Norm::post_layer) == (arithmetic == model::Arithmetic::bf16)) {
                continue;  // each of them once is enough for the order of operations
            }
            const model::Model model = noisy_network(network_of(spec, arithmetic), 5);
            check_same_bits(model, {symbols, 3, 70});
            check_batches(model, symbols, 70);
            check_streams(model, symbols, 70);
            check_long_stream(model, random_symbols(2000, kBlockAlphabet));
            check_resume(model, symbols.first(100));
        }
    }
}

}  // namespace bitlaw::test
