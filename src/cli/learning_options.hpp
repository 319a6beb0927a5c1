#pragma once
/// \file --learn and its recipe: the same options for every command that has them.

#include "bitlaw/model/config.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

void add_learning(FieldOptions& options, LearningArguments& arguments);

/// The recipe that was asked for, on top of what suits the network; `fresh`: it begins from a seed. Throws
/// UsageError when fields are out of range together.
[[nodiscard]] predict::LearningRecipe recipe_of(const LearningArguments& arguments,
                                                const model::ModelConfig& config, bool fresh);

}  // namespace bitlaw::cli
