#pragma once
/// \file Names of networks that are no files: none, and those that begin with fresh weights.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bitlaw/coding/stack.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::coding {

/// Parameters of a network that an archive may have a reader draw: 256 MiB of weights.
inline constexpr std::uint64_t kMaxFreshParameters = std::uint64_t{1} << 26;

/// The name for no network at all.
inline constexpr const char* kNoModel = "none";
/// How the name of a fresh network begins.
inline constexpr std::string_view kFreshPrefix = "init:";

/// "init:PRESET" or "init:PRESET:SEED": a network that begins with fresh weights.
struct FreshNetwork {
    model::ModelConfig config;
    std::uint64_t seed = 1;
};
/// Nothing when the text does not begin so; throws UsageError for an unknown preset or a seed that is none.
[[nodiscard]] std::optional<FreshNetwork> fresh_of(const std::string& text);

/// The config as a stack's spec.
[[nodiscard]] Bytes encode_spec(const model::ModelConfig& config);
/// A network of this config with the weights that the seed draws: no file, id 0, nothing stored. Class A.
[[nodiscard]] model::StoredModel fresh_network(const model::ModelConfig& config, std::uint64_t seed);
/// The one that a stack of source seed describes. Throws Error for a spec that is none, or too large.
[[nodiscard]] model::StoredModel fresh_network(const Stack& stack);

}  // namespace bitlaw::coding
