#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/context_mixer.hpp"
#include "bitlaw/predict/form_choice.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
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

PredictorMaker mixing_predictors(const MixingOptions& options, TableMaker network = {}, std::size_t group = 2,
                                 const DataForm& form = {}) {
    return {.make =
                [=] {
                    auto predictor = std::make_unique<MixingPredictor>(options, network, group);
                    predictor->set_form(form);
                    return predictor;
                },
            .alphabet = 256,
            .independent = false};
}

}  // namespace

TEST_CASE("mixing predictors conform: without a network, every set") {
    for (const ExpertSet set : {ExpertSet::first_fast, ExpertSet::full, ExpertSet::fast}) {
        CHECK(violations_of(mixing_predictors({.set = set, .bytes = 400, .memory = kMinMixingMemory})) == "");
    }
}

TEST_CASE("mixing predictors conform: every form of data") {
    for (const DataForm& form :
         {DataForm{DataKind::records, 4}, DataForm{DataKind::bytes, 0}, DataForm{DataKind::bytes, 12},
          DataForm{DataKind::shorts, 9}, DataForm{DataKind::signed_shorts, 0}}) {
        CAPTURE(int{static_cast<std::uint8_t>(form.kind)});
        const MixingOptions options{.set = ExpertSet::full, .bytes = 400, .memory = kMinMixingMemory};
        CHECK(violations_of(mixing_predictors(options, {}, 2, form)) == "");
    }
}

TEST_CASE("mixing predictors conform: each expert left out, and each alone") {
    const std::uint64_t all = ContextMixer::experts_of(ExpertSet::full);
    for (std::size_t expert = 0; expert < ContextMixer::experts().size(); ++expert) {
        CAPTURE(std::string(ContextMixer::experts()[expert]));
        const std::uint64_t bit = std::uint64_t{1} << expert;
        const DataForm form = expert % 2 != 0 ? DataForm{DataKind::records, 3} : DataForm{};
        for (const std::uint64_t experts : {all & ~bit, bit}) {
            const MixingOptions options{
                .set = ExpertSet::full, .experts = experts, .bytes = 400, .memory = kMinMixingMemory};
            CHECK(violations_of(mixing_predictors(options, {}, 2, form)) == "");
        }
    }
}

TEST_CASE("mixing predictors conform: with a network, in groups of any size") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 256), 3);
    const PackedModel packed(model.model, PackFor::inference);
    const TableMaker network = [&] {
        return std::make_unique<NetworkPredictor>(packed, NetworkOptions{.reset_every = 0});
    };
    for (const ExpertSet set : {ExpertSet::first_fast, ExpertSet::fast}) {
        const MixingOptions options{.set = set, .bytes = 400, .memory = kMinMixingMemory};
        for (const std::size_t group : {1, 2, 5}) {
            CHECK(violations_of(mixing_predictors(options, network, group)) == "");
        }
    }
}

TEST_CASE("mixing options: what is written is read, and nothing else") {
    const MixingOptions options{.set = ExpertSet::fast, .experts = 5, .bytes = 1000, .memory = 1 << 22};
    const Bytes bytes = encode_mixing(options);
    CHECK(decode_mixing(3, bytes) == options);
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

TEST_CASE("forms of data: what is written is read, and nothing else") {
    for (const DataForm& form :
         {DataForm{}, DataForm{DataKind::records, 13}, DataForm{DataKind::bytes, 0},
          DataForm{DataKind::shorts, kMaxWidth, true}, DataForm{DataKind::signed_shorts, 0, false}}) {
        const Bytes bytes = encode_form(form);
        CHECK(decode_form(bytes) == form);
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            CHECK_THROWS_AS((void)decode_form(ByteSpan(bytes).first(length)), Error);
        }
        Bytes longer = bytes;
        longer.push_back(0);
        CHECK_THROWS_AS((void)decode_form(longer), Error);
    }
    for (const Bytes& wrong : {Bytes{5, 0}, Bytes{1, 0}, Bytes{128}, Bytes{130, 0}, Bytes{2, 0x81, 0x80, 4},
                               Bytes{2, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}}) {
        CHECK_THROWS_AS((void)decode_form(wrong), Error);
    }
    Bytes pairs{1, 2, 3, 4, 5};
    swap_pairs({DataKind::shorts, 0, true}, pairs);
    CHECK(pairs == Bytes{2, 1, 4, 3, 5});
    swap_pairs({DataKind::shorts, 0, false}, pairs);
    CHECK(pairs == Bytes{2, 1, 4, 3, 5});
}

TEST_CASE("forms of data: text, records, pictures and sound are told apart") {
    Random random(12);
    std::string text;
    while (text.size() < 20000) {
        text += "a word " + std::to_string(random.below(1000)) + "\n";
    }
    CHECK(choose_form(Bytes(text.begin(), text.end()), true) == DataForm{});
    CHECK(choose_form(Bytes(100, 0), true) == DataForm{});

    Bytes records;
    while (records.size() < 20000) {
        for (std::uint8_t column = 0; column < 29; ++column) {
            records.push_back(static_cast<std::uint8_t>(column % 4 == 0 ? random.below(256) : column));
        }
    }
    const DataForm in_records = choose_form(records, true);
    CHECK(in_records.kind == DataKind::records);
    CHECK(in_records.width == 29);

    // A picture of soft hills, 100 wide, and a sound of two waves.
    Bytes picture;
    Bytes sound;
    for (int i = 0; i < 30000; ++i) {
        const double x = i % 100;
        const double y = i / 100;
        picture.push_back(static_cast<std::uint8_t>(
            128 + 60 * std::sin(x / 9 + 5 * std::sin(y / 31)) * std::cos(y / 7) + 2 * random.normal()));
        const auto wave =
            static_cast<int>(3000 * std::sin(i / 23.0) + 900 * std::sin(i / 3.1) + 30 * random.normal());
        sound.push_back(static_cast<std::uint8_t>(wave & 255));
        sound.push_back(static_cast<std::uint8_t>(wave >> 8 & 255));
    }
    const DataForm as_picture = choose_form(picture, true);
    CHECK(as_picture.kind == DataKind::bytes);
    CHECK(as_picture.width == 100);
    const DataForm as_sound = choose_form(sound, true);
    CHECK(as_sound.kind == DataKind::signed_shorts);
    CHECK(as_sound.lower_first);
    CHECK(choose_form(sound, false).kind < DataKind::shorts);
}

TEST_CASE("mixing predictors conform: with a network that learns") {
    const StoredModel model = noisy_model(smallest_config(Architecture::modern, 256), 3);
    const LearningRecipe recipe{.streams = 5, .segment = 16, .window = 32, .replay = 1, .rate = 0.01};
    const MixingOptions options{.set = ExpertSet::fast, .bytes = 400, .memory = kMinMixingMemory};
    const PredictorMaker maker{.make =
                                   [&] {
                                       return std::make_unique<MixingPredictor>(
                                           options, std::make_unique<LearningPredictor>(
                                                        model.model, LearningOptions{.recipe = recipe}));
                                   },
                               .alphabet = 256,
                               .independent = false};
    CHECK(violations_of(maker) == "");
}
