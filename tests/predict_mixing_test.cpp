#include <doctest/doctest.h>

#include "bitlaw/predict/mixing_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "support/message.hpp"
#include "support/predictor_conformance.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::test;

namespace {

PredictorMaker mixing_predictors(const MixingOptions& options, TableMaker network = {},
                                 std::size_t group = 2) {
    return {.make = [=] { return std::make_unique<MixingPredictor>(options, network, group); },
            .alphabet = 256,
            .independent = false};
}

}  // namespace

TEST_CASE("mixing predictors conform: without a network, both sets") {
    for (const ExpertSet set : {ExpertSet::fast, ExpertSet::full}) {
        CHECK(violations_of(mixing_predictors({.set = set, .bytes = 400, .memory = kMinMixingMemory})) == "");
    }
}

TEST_CASE("mixing predictors conform: with a network, in groups of any size") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 256), 3);
    const PackedModel packed(model.model, PackFor::inference);
    const TableMaker network = [&] {
        return std::make_unique<NetworkPredictor>(packed, NetworkOptions{.reset_every = 0});
    };
    const MixingOptions options{.set = ExpertSet::fast, .bytes = 400, .memory = kMinMixingMemory};
    for (const std::size_t group : {1, 2, 5}) {
        CHECK(violations_of(mixing_predictors(options, network, group)) == "");
    }
}

TEST_CASE("mixing options: what is written is read, and nothing else") {
    const MixingOptions options{.set = ExpertSet::fast, .experts = 5, .bytes = 1000, .memory = 1 << 22};
    const Bytes bytes = encode_mixing(options);
    CHECK(decode_mixing(1, bytes) == options);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK_THROWS_AS((void)decode_mixing(1, ByteSpan(bytes).first(length)), Error);
    }
    CHECK_THROWS_AS((void)decode_mixing(7, bytes), Error);
    MixingOptions greedy = options;
    greedy.memory = std::uint64_t{1} << 40;
    CHECK_THROWS_AS((void)decode_mixing(1, encode_mixing(greedy)), Error);
    greedy = options;
    greedy.bytes = std::uint64_t{1} << 40;
    CHECK_THROWS_AS((void)decode_mixing(1, encode_mixing(greedy)), Error);
}
