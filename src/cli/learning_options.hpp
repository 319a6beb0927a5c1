#pragma once
/// \file --learn and its recipe: the same options for every command that has them.

#include <string>

#include "bitlaw/coding/stack.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/predict/learning_recipe.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

void add_learning(FieldOptions& options, LearningArguments& arguments);

/// The recipe that was asked for, on top of what suits the network, its place and the text's beginning.
/// Throws UsageError when fields are out of range together.
[[nodiscard]] predict::LearningRecipe recipe_of(const LearningArguments& arguments,
                                                const model::StoredModel& model,
                                                const predict::LearningPlace& place, ByteSpan text);
/// ", learn_streams 8, ...": all of a trained network's recipe, alone; a rate that nobody gave is "by text".
[[nodiscard]] std::string recipe_text(const LearningArguments& arguments, const model::StoredModel& model);
/// The stack of the network that -m names, which learns by that recipe; throws Error when it needs too much
/// memory.
[[nodiscard]] coding::Stack learned_stack(const predict::LearningRecipe& recipe,
                                          const model::StoredModel& model, const std::string& name);
/// Hours that one core with AVX2 takes to restore so many bytes; `mixes`: with experts beside the network.
[[nodiscard]] double avx2_restore_hours(const model::ModelConfig& config,
                                        const predict::LearningRecipe& recipe, bool mixes,
                                        std::uint64_t bytes);
/// Throws UsageError when there are words for a recipe, but nothing shall learn.
void require_learning(const LearningArguments& arguments);
/// Throws UsageError when the model that shall learn is "none".
void require_learner(const std::string& model);

}  // namespace bitlaw::cli
