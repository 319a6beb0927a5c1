#pragma once
/// \file What follows from a config: whether it can run, how it is stored, exact counts, a line of text.

#include <cstdint>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::model {

/// More would need sizes that are not tested.
inline constexpr std::uint64_t kMaxParameters = std::uint64_t{1} << 31;

/// Throws Error naming the field when the config is not one that a network can run with: ranges as
/// model_fields() has them, K even for bf16, at most kMaxParameters.
void validate(const ModelConfig& config);

/// Length of what all stored configs have: three bytes and eleven 32-bit fields.
inline constexpr std::size_t kConfigBytes = 3 + 11 * 4;
/// Length of a stored config whose first byte is that: families with gains have the norms' epsilon behind it.
/// Throws Error for an unknown family.
[[nodiscard]] std::size_t config_bytes(std::uint8_t architecture);

/// Little-endian form of config_bytes() (docs/FORMAT.md), and back; read validates.
void write_config(ByteWriter& writer, const ModelConfig& config);
[[nodiscard]] ModelConfig read_config(ByteReader& reader);

/// Counts of the config's network (spec.hpp).
[[nodiscard]] std::uint64_t parameter_count(const ModelConfig& config);
[[nodiscard]] std::uint64_t multiplied_parameter_count(const ModelConfig& config);
[[nodiscard]] double forward_flops(const ModelConfig& config, std::uint64_t first, std::uint64_t count);
/// Of forward and backward over one context: three times as much; recomputation is not counted.
[[nodiscard]] double training_flops(const ModelConfig& config, std::uint64_t positions);

/// One line: "modern, 4 layers of width 64, ...".
[[nodiscard]] std::string describe(const ModelConfig& config);

}  // namespace bitlaw::model
