#pragma once
/// \file --learn and its recipe: the same options for every command that has them.

#include <map>
#include <string>
#include <vector>

#include "bitlaw/model/config.hpp"
#include "bitlaw/predict/learning_recipe.hpp"

namespace bitlaw::cli {

class FieldOptions;

/// Whether the network learns, and the words of the recipe's fields that replace its defaults.
struct LearningArguments {
    bool learn = false;
    std::map<std::string, std::vector<std::string>> words;
};

void add_learning(FieldOptions& options, LearningArguments& arguments);

/// The recipe that was asked for, on top of what suits the network; `fresh`: it begins from a seed. Throws
/// UsageError when fields are out of range together.
[[nodiscard]] predict::LearningRecipe recipe_of(const LearningArguments& arguments,
                                                const model::ModelConfig& config, bool fresh);

}  // namespace bitlaw::cli
