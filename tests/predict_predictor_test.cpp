#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/seven_contexts.hpp"
#include "support/message.hpp"
#include "support/predictor_conformance.hpp"
#include "support/tiny_model.hpp"
#include "support/toy_predictor.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::symbols;
using namespace bitlaw::test;

TEST_CASE("predictors conform: networks of every kind, with and without resets") {
    // 4 and 5 are the Llama family, as it is imported: with an output of its own, and tied.
    for (const Architecture architecture :
         {Architecture::vanilla, Architecture::modern, Architecture{4}, Architecture{5}}) {
        for (const Arithmetic arithmetic : {Arithmetic::fp32, Arithmetic::bf16}) {
            ModelConfig config = smallest_config(Architecture::vanilla, 19);
            if (architecture == Architecture::modern) {
                config = smallest_config(architecture, 19);
            } else if (architecture != Architecture::vanilla) {
                config.architecture = architecture;
                config.norm_epsilon = 10'000;
                config.heads = 2;
                config.head_width = 4;
                config.window = 20;
            }
            config.arithmetic = arithmetic;
            config.cache = arithmetic == Arithmetic::bf16 ? CachePrecision::bf16 : CachePrecision::fp32;
            const StoredModel model = noisy_model(config, 3);
            const PackedModel packed(model.model, PackFor::inference);
            for (const std::uint64_t reset : {0, 7, 32}) {
                if (reset == 0 && architecture != Architecture::modern) {  // has a longest context
                    continue;
                }
                CAPTURE(reset);
                CHECK(violations_of(network_predictors(packed, {.reset_every = reset})) == "");
            }
        }
    }
}

TEST_CASE("predictors conform: a network over a stream that is longer than a block of its scorer") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 3);
    const PackedModel packed(model.model, PackFor::inference);
    CHECK(violations_of(network_predictors(packed, {}), {600, 257, 256}) == "");
}

TEST_CASE("predictors conform: seven contexts, and a toy whose streams share history") {
    CHECK(violations_of(seven_context_predictors()) == "");
    CHECK(violations_of(ToyPredictor::maker()) == "");
}

TEST_CASE("the conformance suite finds what is broken") {
    const auto found = [](Flaw flaw) { return violations_of(ToyPredictor::maker(flaw)); };
    CHECK(holds(found(Flaw::peeks_when_scoring), "score = step"));
    CHECK(holds(found(Flaw::peeks_always), "causal"));
    CHECK(holds(found(Flaw::peeks_always), "a block is decoded from its code alone"));
    CHECK(holds(found(Flaw::looks_ahead), "knows the future"));
    CHECK(holds(found(Flaw::backwards), "ascending order"));
    CHECK(holds(found(Flaw::skips), "sound"));
    CHECK(holds(found(Flaw::certain), "no chance"));
    CHECK(holds(found(Flaw::counts_threads), "number of threads"));
    CHECK(holds(found(Flaw::counts_calls), "in calls of 1"));
    CHECK(holds(found(Flaw::forgets), "stepped"));
    CHECK(holds(violations_of(ToyPredictor::maker(Flaw::none, true)), "independent"));
}

TEST_CASE("network: temperature divides the logits, and 1 changes no bit") {
    const StoredModel model = noisy_model(tiny_config(Architecture::modern), 3);
    const PackedModel packed(model.model, PackFor::inference);
    const auto first_table = [&](double temperature) {
        NetworkPredictor predictor(packed, {.temperature = temperature});
        const std::size_t length = 1;
        predictor.begin({&length, 1});
        FrequencyTable table;
        predictor.predict(table);
        return table.frequency;
    };
    const std::vector<std::uint32_t> plain = first_table(1.0);
    const std::vector<std::uint32_t> flat = first_table(2.0);
    for (std::size_t j = 0; j < plain.size(); ++j) {
        // e^(x/2) of 2^24 shares; where there are few, rounding down and the one that each symbol has count.
        if (plain[j] > 4000) {
            CHECK(flat[j] == doctest::Approx(std::sqrt(plain[j] / 16777216.0) * 16777216.0).epsilon(1e-3));
        }
        CHECK(flat[j] >= plain[j]);
    }
    CHECK_THROWS_AS(NetworkPredictor(packed, {.temperature = 0}), UsageError);
}

TEST_CASE("network: as a table predictor it gives the tables that it asks with") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 4), 3);
    const PackedModel packed(model.model, PackFor::inference);
    const Streams streams = random_streams({20, 12}, 4, 5);
    NetworkPredictor stepped(packed, {});
    NetworkPredictor scored(packed, {});
    const std::vector<std::size_t> lengths{20, 12};
    stepped.begin(lengths);
    scored.begin(lengths);
    std::vector<Symbol> symbols(40);  // [2, 20]
    std::copy(streams[0].begin(), streams[0].end(), symbols.begin());
    std::copy(streams[1].begin(), streams[1].end(), symbols.begin() + 20);
    FrequencyTable table;
    std::size_t visits = 0;
    std::size_t position = 0;
    const auto accept = [&] {
        stepped.accept(std::vector<Symbol>{symbols[position], symbols[20 + position]});
        ++position;
    };
    stepped.predict(table);
    scored.score(symbols, [&](std::size_t stream, std::span<const std::uint32_t> frequency, Symbol symbol) {
        const std::size_t at = stream == 0 && visits > 0 ? position + 1 : position;
        if (at > position) {
            accept();
            stepped.predict(table);
        }
        CHECK(std::equal(frequency.begin(), frequency.end(), table.row(stream).begin()));
        CHECK(symbol == symbols[20 * stream + position]);
        ++visits;
    });
    CHECK(visits == 32);
}
