#pragma once
/// \file The coding weights of a model as bytes, tensor after tensor in one of the formats. Class A.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/model/weight_format.hpp"

namespace bitlaw::model {

/// Parameters of the largest model whose weights are stored in a format of no fixed size: a few bytes of it
/// could stand for any number of weights.
inline constexpr std::uint64_t kMaxCodedParameters = std::uint64_t{1} << 26;

/// Bytes that the weights of a config's network take; nothing for a format of no fixed size.
[[nodiscard]] std::optional<std::uint64_t> weight_bytes_count(const ModelConfig& config, WeightFormatId id);

/// The weights as stored. What is read back gives the same bytes again. Throws Error for a weight that is not
/// finite.
[[nodiscard]] Bytes weight_bytes(const Model& model, WeightFormatId id);

/// Appends them tensor by tensor, so that a large model's are not there twice.
void append_weights(const Model& model, WeightFormatId id, Bytes& bytes);

/// Fills the weights from what weight_bytes() gave, and calls `after_tensor` after each tensor; throws Error
/// with `name` in it for bytes that the writer does not write.
void read_weights(
    ByteReader& reader, WeightFormatId id, Model& model, const std::string& name,
    const std::function<void()>& after_tensor = [] {});

/// Rounds the weights to what `id` stores (in place); throws as weight_bytes.
void round_weights(Model& model, WeightFormatId id);

}  // namespace bitlaw::model
