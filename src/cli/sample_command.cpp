#include <unistd.h>

#include "bitlaw/base/float_state.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/reset.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "learning_options.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace predict;

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
    const DrawOptions options{
        .prompt = a.prompt, .bytes = a.bytes, .temperature = a.temperature, .seed = a.seed};
    validate(options);
    ModelShelf shelf(a.model);
    const StoredModel& stored = shelf.chosen();
    require_bytes(options, stored.model.config);
    require_learning(a.learning);
    Output out;
    const auto write = [&](std::uint8_t byte) {
        throw_if_stopped("the text ends here");
        out.write({&byte, 1});
    };
    if (a.learning.learn) {
        LearningPredictor predictor(stored.model, {recipe_for(a, stored), default_reset(stored.model.config),
                                                   options.logit_divisor()});
        draw_text(predictor, options, write);
    } else {
        draw_text(PackedModel(stored.model, PackFor::inference), options, write);
    }
    if (is_terminal(STDOUT_FILENO)) {
        note("");
    }
    return kDone;
}

}  // namespace bitlaw::cli
