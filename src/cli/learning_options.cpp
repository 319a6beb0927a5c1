#include "learning_options.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/learning_choice.hpp"

namespace bitlaw::cli {

using namespace predict;

void add_learning(FieldOptions& options, LearningArguments& a) {
    const std::string group = "Learning";
    options.add({{.name = "learn",
                  .help = "let the network learn what it has coded, on both sides; restoring takes as long",
                  .group = group},
                 FieldKind::flag,
                 [&a](const Words& words) { a.learn = flag_value(only_word(words)) != 0; },
                 {}});
    for (const Field<LearningRecipe>& field : learning_fields()) {
        FieldInfo info = field.info;
        info.group = group;
        if (info.shown_default.empty()) {
            info.shown_default = only_word(field.write(LearningRecipe{}));
        }
        options.add({std::move(info),
                     field.kind,
                     [&field, &a](const Words& words) {
                         LearningRecipe tried;
                         field.read(tried, words);
                         a.words[field.info.name] = words;
                     },
                     {}});
    }
}

LearningRecipe recipe_of(const LearningArguments& arguments, const model::StoredModel& model, bool fresh,
                         ByteSpan text) {
    require_learning(arguments);
    LearningRecipe recipe = default_recipe(model.model.config, fresh);
    if (!fresh && !arguments.words.contains("learn_rate")) {
        recipe.rate = coding::suited_rate(model, text);
    }
    for (const Field<LearningRecipe>& field : learning_fields()) {
        if (const auto found = arguments.words.find(field.info.name); found != arguments.words.end()) {
            field.read(recipe, found->second);
        }
    }
    validate(recipe);
    return recipe;
}

void require_learning(const LearningArguments& arguments) {
    if (!arguments.learn && !arguments.words.empty()) {
        std::string name = arguments.words.begin()->first;
        std::replace(name.begin(), name.end(), '_', '-');
        fail_usage("--", name, " is for a network that learns; add --learn");
    }
}

}  // namespace bitlaw::cli
