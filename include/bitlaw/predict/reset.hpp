#pragma once
/// \file Where a network's context starts afresh within a stream.

#include <cstdint>

#include "bitlaw/model/config.hpp"

namespace bitlaw::predict {

/// Where a context starts afresh: vanilla models every config.context positions, modern ones never (0).
[[nodiscard]] std::uint64_t default_reset(const model::ModelConfig& config);

/// Throws UsageError when `reset_every` does not fit the config: vanilla needs 1 .. context, modern takes
/// any.
void check_reset(const model::ModelConfig& config, std::uint64_t reset_every);

}  // namespace bitlaw::predict
