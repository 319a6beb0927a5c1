#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "support/message.hpp"
#include "support/predictor_conformance.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::test;

namespace {

// Steps at 16, 32, 48 and 64: the streams of 70 and 71 symbols learn in turn, one of 40 stops after the
// second, and 1 and 0 never learn.
LearningRecipe small_recipe() {
    return {.streams = 5, .segment = 16, .window = 32, .replay = 1, .rate = 0.01, .warm = 2, .fall = 10};
}

PredictorMaker learning(const StoredModel& start, const LearningRecipe& recipe) {
    return learning_predictors(start.model,
                               {.recipe = recipe, .reset_every = default_reset(start.model.config)});
}

// Bits of the same streams, and how many steps were taken.
double bits_of(const PredictorMaker& maker, const Streams& streams, std::uint64_t* dropped = nullptr) {
    const auto predictor = maker.make();
    std::vector<StreamMeter> meters(streams.size());
    std::vector<Coder*> coders;
    for (StreamMeter& meter : meters) {
        coders.push_back(&meter);
    }
    (void)BlockRunner(*predictor, BlockRunner::Way::score, 64).run(streams, coders);
    if (dropped != nullptr) {
        *dropped = dynamic_cast<const LearningPredictor&>(*predictor).dropped_steps();
    }
    double bits = 0;
    for (const StreamMeter& meter : meters) {
        bits += meter.bits();
    }
    return bits;
}

}  // namespace

TEST_CASE("learning predictors conform: both families, both arithmetics, both optimizers") {
    ModelConfig bf16 = tiny_config(Architecture::modern);
    bf16.arithmetic = Arithmetic::bf16;
    for (const ModelConfig& config :
         {smallest_config(Architecture::modern, 256), smallest_config(Architecture::vanilla, 11), bf16}) {
        LearningRecipe recipe = small_recipe();
        CHECK(violations_of(learning(noisy_model(config, 3), recipe)) == "");
        recipe.optimizer = LearningOptimizer::muon;
        recipe.replay = 0;
        CHECK(violations_of(learning(noisy_model(config, 4), recipe)) == "");
    }
}

TEST_CASE("a hostile rate loses nothing: the questions stay sound and the same everywhere") {
    for (const LearningOptimizer optimizer : {LearningOptimizer::adamw, LearningOptimizer::muon}) {
        LearningRecipe recipe = small_recipe();
        recipe.rate = 1e30;
        recipe.decay = 100;
        recipe.clip = 1e6;
        recipe.muon_ratio = 1e4;
        recipe.optimizer = optimizer;
        CHECK(violations_of(learning(noisy_model(tiny_config(Architecture::modern), 5), recipe)) == "");
        CHECK(violations_of(learning(noisy_model(tiny_config(Architecture::vanilla), 5), recipe)) == "");
    }
}

TEST_CASE("weights that are no numbers make every symbol equally likely") {
    StoredModel broken = noisy_model(smallest_config(Architecture::modern, 256), 3);
    std::fill(broken.model.weights.begin(), broken.model.weights.end(), 3e38F);
    const PredictorMaker maker = learning(broken, small_recipe());
    std::uint64_t dropped = 0;
    const double bits = bits_of(maker, {std::vector<symbols::Symbol>(64, 7)}, &dropped);
    CHECK(bits == doctest::Approx(64 * 8));
    CHECK(dropped == 4);
}

TEST_CASE("what is learned is worth something, and a rate of 0 is the frozen network") {
    const StoredModel start = noisy_model(tiny_config(Architecture::modern), 7);
    std::vector<symbols::Symbol> text(1600);
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = static_cast<symbols::Symbol>("abcab"[i % 5]);
    }
    const Streams streams{text, text};
    LearningRecipe recipe = small_recipe();
    const double learned = bits_of(learning(start, recipe), streams);
    recipe.rate = 0;
    const double still = bits_of(learning(start, recipe), streams);
    const PackedModel packed(start.model, PackFor::inference);
    const double frozen = bits_of(network_predictors(packed, {}), streams);
    CHECK(still == frozen);
    CHECK(learned < 0.5 * frozen);
}

TEST_CASE("a chain goes on with the weights that it has learned") {
    const StoredModel start = noisy_model(smallest_config(Architecture::modern, 256), 3);
    LearningPredictor predictor(start.model, {.recipe = small_recipe()});
    const Streams block = random_streams({70, 70}, 256, 1);
    StreamTeacher teacher;
    const std::vector<Coder*> coders{&teacher, &teacher};
    (void)BlockRunner(predictor, BlockRunner::Way::score, 70).run(block, coders);
    CHECK(predictor.steps() == 4);
    const Floats after_one = predictor.model().weights;
    CHECK(after_one != start.model.weights);
    (void)BlockRunner(predictor, BlockRunner::Way::step, 70).run(block, coders);
    CHECK(predictor.steps() == 8);
    CHECK(predictor.model().weights != after_one);
}

TEST_CASE("recipes: what is written is read, and nothing else") {
    LearningRecipe recipe = small_recipe();
    recipe.optimizer = LearningOptimizer::muon;
    recipe.seed = ~std::uint64_t{0};
    const Bytes bytes = encode_recipe(recipe);
    CHECK(decode_recipe(kLearningInTurn, bytes) == recipe);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK_THROWS_AS((void)decode_recipe(kLearningInTurn, ByteSpan(bytes).first(length)), Error);
    }
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_THROWS_AS((void)decode_recipe(kLearningInTurn, longer), Error);
    CHECK_THROWS_AS((void)decode_recipe(kLearningInTurn + 1, bytes), Error);
    const auto refused = [](const auto& change) {
        LearningRecipe hostile = small_recipe();
        change(hostile);
        CHECK_THROWS_AS((void)decode_recipe(kLearningInTurn, encode_recipe(hostile)), Error);
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    refused([](LearningRecipe& r) { r.streams = 0; });
    refused([](LearningRecipe& r) { r.streams = 2048, r.segment = 4; });
    refused([](LearningRecipe& r) { r.segment = 0; });
    refused([](LearningRecipe& r) { r.segment = 3; });
    refused([](LearningRecipe& r) { r.window = 4098; });
    refused([](LearningRecipe& r) { r.window = 33; });
    refused([](LearningRecipe& r) { r.replay = 9; });
    refused([](LearningRecipe& r) { r.optimizer = static_cast<LearningOptimizer>(9); });
    refused([](LearningRecipe& r) { r.rate = -1; });
    refused([](LearningRecipe& r) { r.rate = std::numeric_limits<double>::infinity(); });
    for (double LearningRecipe::*const rate :
         {&LearningRecipe::rate, &LearningRecipe::muon_ratio, &LearningRecipe::beta1, &LearningRecipe::beta2,
          &LearningRecipe::momentum, &LearningRecipe::decay, &LearningRecipe::clip}) {
        refused([&](LearningRecipe& r) { r.*rate = nan; });
    }
    refused([](LearningRecipe& r) { r.beta2 = 1; });
    refused([](LearningRecipe& r) { r.clip = 0; });
}

TEST_CASE("other streams, the same bytes between two steps; mixed networks learn in two streams") {
    const LearningRecipe alone = default_recipe({});
    const LearningRecipe mixed = default_recipe({.mixed = true});
    CHECK(mixed.streams == 2);
    CHECK(mixed.streams * mixed.segment == alone.streams * alone.segment);
    CHECK(default_recipe({.fresh = true, .mixed = true}).streams == 1);
    CHECK(with_streams(alone, alone.streams) == alone);
    CHECK(with_streams(alone, 3).segment == 170);  // 512 / 3, even
    CHECK(with_streams(alone, kMaxLearningRows).segment == 2);
}

TEST_CASE("the rate of a step: rises, then falls as a root") {
    LearningRecipe recipe{.rate = 8, .warm = 4, .fall = 0};
    CHECK(learning_rate(recipe, 0) == 2);
    CHECK(learning_rate(recipe, 3) == 8);
    CHECK(learning_rate(recipe, 1000000) == 8);
    recipe.fall = 100;
    CHECK(learning_rate(recipe, 300) == 4);
    recipe.warm = 0;
    CHECK(learning_rate(recipe, 0) == 8);
}

TEST_CASE("networks that would need too much memory to learn are refused before anything is allocated") {
    ModelConfig config = tiny_config(Architecture::modern);
    config.width = 16;
    config.layers = 256;
    config.hidden = 65536;
    const std::string message = message_of<Error>([&] { check_learning_memory(config, {}); });
    CHECK(message.find("MiB") != std::string::npos);
}
