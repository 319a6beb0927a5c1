#include "learning_options.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "places.hpp"

namespace bitlaw::cli {

using namespace predict;

namespace {

// Operations a second of decoding while learning on one core of an AMD EPYC that is held to AVX2
// (BITLAW_ISA=avx2): 64 KiB of text took 1.95 s with the 200k, which are 78e9, and 6.65 s with the 800k,
// 89e9; the less counts. The full set of experts took 1.14 s for 256 KiB beside no network.
constexpr double kAvx2Operations = 78e9;
constexpr double kExpertBytes = 230e3;

}  // namespace

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

LearningRecipe recipe_of(const LearningArguments& arguments, const model::StoredModel& model,
                         const LearningPlace& place, ByteSpan text) {
    require_learning(arguments);
    LearningRecipe recipe = default_recipe(place);
    if (!place.fresh && !arguments.words.contains("learn_rate")) {
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

std::string recipe_text(const LearningArguments& arguments, const model::StoredModel& model) {
    const LearningRecipe recipe = recipe_of(arguments, model, {}, {});
    std::string text;
    for (const Field<LearningRecipe>& field : learning_fields()) {
        const bool follows_text = field.info.name == "learn_rate" && !arguments.words.contains("learn_rate");
        text += text_of(", ", field.info.name, " ",
                        follows_text ? std::string("by text") : only_word(field.write(recipe)));
    }
    return text;
}

coding::Stack learned_stack(const LearningRecipe& recipe, const model::StoredModel& model,
                            const std::string& name) {
    check_learning_memory(model.model.config, recipe);
    const std::optional<coding::FreshNetwork> fresh = coding::fresh_of(name);
    return fresh ? coding::learning_stack(recipe, fresh->config, fresh->seed)
                 : coding::learning_stack(recipe);
}

double avx2_restore_hours(const model::ModelConfig& config, const LearningRecipe& recipe, bool mixes,
                          std::uint64_t bytes) {
    const double seconds =
        learning_flops(config, recipe) / kAvx2Operations + (mixes ? 1.0 / kExpertBytes : 0.0);
    return static_cast<double>(bytes) * seconds / 3600.0;
}

void require_learning(const LearningArguments& arguments) {
    if (!arguments.learn && !arguments.words.empty()) {
        std::string name = arguments.words.begin()->first;
        std::replace(name.begin(), name.end(), '_', '-');
        fail_usage("--", name, " is for a network that learns; add --learn");
    }
}

void require_learner(const std::string& model) {
    if (model == kNoModel) {
        fail_usage("-m none leaves nothing that learns; name a model, or init:PRESET");
    }
}

}  // namespace bitlaw::cli
