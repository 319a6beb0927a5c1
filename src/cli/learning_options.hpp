#pragma once
/// \file --learn and its recipe: the same options for every command that has them.

#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

void add_learning(FieldOptions& options, LearningArguments& arguments);

/// The recipe that was asked for, on top of what suits the network and the text's beginning; `fresh`: it
/// begins from a seed. Throws UsageError when fields are out of range together.
[[nodiscard]] predict::LearningRecipe recipe_of(const LearningArguments& arguments,
                                                const model::StoredModel& model, bool fresh, ByteSpan text);
/// Throws UsageError when there are words for a recipe, but nothing shall learn.
void require_learning(const LearningArguments& arguments);

}  // namespace bitlaw::cli
