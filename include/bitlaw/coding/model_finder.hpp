#pragma once
/// \file How an archive's model is found, and who is told of it.

#include <cstdint>
#include <functional>

#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::coding {

/// Finds a model by its id, or throws an Error that says both ids and where it was looked for.
using ModelFinder = std::function<const model::StoredModel&(std::uint64_t id)>;

/// Called with the model's config when the first block that needs it comes, embedded or found.
using ModelNotice = std::function<void(const model::ModelConfig&)>;

}  // namespace bitlaw::coding
