#pragma once
/// \file Coding weights as bytes: fp32, bf16, or int8 with a scale per row. docs/FORMAT.md specifies them.
/// Class A.

#include <cstdint>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::model {

/// How weights are stored; every rate is measured with the stored weights. They are widened to fp32 when they
/// are loaded, so that coding knows no difference.
enum class Precision : std::uint8_t { bf16 = 1, fp32 = 2, int8 = 3 };

/// "bf16", "fp32" or "int8".
[[nodiscard]] const char* precision_name(Precision precision);
/// The precision of that name; throws UsageError when there is none.
[[nodiscard]] Precision parse_precision(const std::string& name);

/// Bytes that the weights take: 4 or 2 a parameter; int8: 1 a parameter of a matrix and 1 a row, but 2 a
/// parameter (bf16) of a tensor that has one row (gains and biases, which are few and reach every symbol).
[[nodiscard]] std::uint64_t weight_bytes_count(const ModelConfig& config, Precision precision);

/// The weights as stored. bf16: rounded to nearest, ties to even. int8: each row's scale is the smallest
/// power of two that cuts no weight at 127 levels, or half of it where that leaves less squared error;
/// products of weights in bf16 then round nothing twice. What is read back gives the same bytes again. Throws
/// Error for a weight that is not finite.
[[nodiscard]] Bytes weight_bytes(const Model& model, Precision precision);

/// Fills the weights from weight_bytes_count() bytes; throws Error with `name` in it for one that is not
/// finite.
void read_weights(ByteReader& reader, Precision precision, Model& model, const std::string& name);

/// Rounds the weights to what `precision` stores (in place).
void round_weights(Model& model, Precision precision);

}  // namespace bitlaw::model
