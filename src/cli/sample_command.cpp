#include <unistd.h>

#include <memory>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/predict/drawer.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "learning_options.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace symbols;
using namespace model;
using namespace predict;
using namespace train;

namespace {

// One stream: a step comes after as many bytes as archives have between two steps in all streams together.
LearningRecipe recipe_for(const SampleArguments& a, const StoredModel& model) {
    const Bytes begin(a.prompt.begin(), a.prompt.end());
    LearningRecipe recipe = recipe_of(a.learning, model, coding::fresh_of(a.model).has_value(), begin);
    if (!a.learning.words.contains("learn_segment")) {
        recipe.segment *= recipe.streams;
    }
    recipe.streams = 1;
    check_learning_memory(model.model.config, recipe);
    return recipe;
}

}  // namespace

int run_sample(const SampleArguments& a) {
    const FloatStateGuard float_state;
    // Logits divided by less could leave fp32's range, and differences of 0.02 already decide at this one.
    constexpr double kMinTemperature = 1e-3;
    if (a.temperature != 0.0 && a.temperature < kMinTemperature) {
        fail_usage("--temperature: ", a.temperature, " is too small; it must be 0 or lie in ",
                   kMinTemperature, " .. 100");
    }
    ModelShelf shelf(a.model);
    const StoredModel& stored = shelf.chosen();
    const ModelConfig& config = stored.model.config;
    if (config.alphabet > 256) {
        fail("the model's alphabet has ", config.alphabet,
             " symbols, which are no bytes; sample needs a byte model");
    }
    const PackedModel packed(stored.model, PackFor::inference);
    const double temperature = a.temperature == 0.0 ? 1.0 : a.temperature;
    const std::uint64_t reset = default_reset(config);
    std::unique_ptr<Predictor> predictor;
    require_learning(a.learning);
    if (a.learning.learn) {
        predictor = std::make_unique<LearningPredictor>(
            stored.model, LearningOptions{recipe_for(a, stored), reset, temperature});
    } else {
        predictor = network_predictors(packed, {.reset_every = reset, .temperature = temperature}).make();
    }
    const std::size_t length = a.prompt.size() + a.bytes;
    predictor->begin({&length, 1});
    const auto next = [&](Coder& coder, Symbol symbol) {
        Coder* const asked = &coder;
        predictor->step({&asked, 1}, {&symbol, 1});
        return symbol;
    };
    StreamTeacher prompt;
    for (const char c : a.prompt) {
        const Symbol symbol = static_cast<unsigned char>(c);
        if (symbol >= config.alphabet) {
            fail_usage("--prompt: byte ", symbol, " is not in the model's alphabet of ", config.alphabet);
        }
        (void)next(prompt, symbol);
    }
    Output out;
    Drawer drawer(a.seed, a.temperature == 0.0);
    for (std::uint64_t i = 0; i < a.bytes; ++i) {
        throw_if_stopped("the text ends here");
        const auto byte = static_cast<std::uint8_t>(next(drawer, 0));
        out.write({&byte, 1});
    }
    if (is_terminal(STDOUT_FILENO)) {
        note("");
    }
    return kDone;
}

}  // namespace bitlaw::cli
