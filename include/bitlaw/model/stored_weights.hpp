#pragma once
/// \file The coding weights of a model as bytes, tensor after tensor in one of the formats. Class A.

#include <cstdint>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/model.hpp"
#include "bitlaw/model/weight_format.hpp"

namespace bitlaw::model {

/// Bytes that the weights of a config's network take.
[[nodiscard]] std::uint64_t weight_bytes_count(const ModelConfig& config, WeightFormatId id);

/// The weights as stored. What is read back gives the same bytes again. Throws Error for a weight that is not
/// finite.
[[nodiscard]] Bytes weight_bytes(const Model& model, WeightFormatId id);

/// Fills the weights from weight_bytes_count() bytes; throws Error with `name` in it for bytes that the
/// writer does not write.
void read_weights(ByteReader& reader, WeightFormatId id, Model& model, const std::string& name);

/// Rounds the weights to what `id` stores (in place); throws as weight_bytes.
void round_weights(Model& model, WeightFormatId id);

}  // namespace bitlaw::model
