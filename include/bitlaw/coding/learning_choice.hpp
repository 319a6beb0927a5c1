#pragma once
/// \file A rate of learning that suits a text, and the stack of what learns.

#include <cstddef>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/stack.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/predict/learning_recipe.hpp"

namespace bitlaw::coding {

/// Bytes that the choice looks at.
inline constexpr std::size_t kChoiceBytes = 32768;

/// 1e-4 (64 / width) clamp((b / own)^4, 1, 4): b bits per byte that the frozen model pays for the first
/// kChoiceBytes of the text, own those of its training's validation, or of its training where there was
/// none; twice the least where neither is known. What a model knows already is worth small steps only
/// (experiments/06-learning). Only a
/// writer computes it.
[[nodiscard]] double suited_rate(const model::StoredModel& model, ByteSpan text);

/// The stack of a network that learns what it codes: the archive's model, or one with fresh weights.
[[nodiscard]] Stack learning_stack(const predict::LearningRecipe& recipe);
[[nodiscard]] Stack learning_stack(const predict::LearningRecipe& recipe, const model::ModelConfig& config,
                                   std::uint64_t seed);

}  // namespace bitlaw::coding
