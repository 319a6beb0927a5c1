#pragma once
/// \file How a tensor's weights are stored as bytes: one row of a table for each format. docs/FORMAT.md
/// specifies them. Class A.

#include <cstdint>
#include <span>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/model/tensor.hpp"

namespace bitlaw::model {

/// A format by its number in files. Every rate is measured with the stored weights. They are widened to fp32
/// when they are loaded, so that coding knows no difference.
enum class WeightFormatId : std::uint8_t { bf16 = 1, fp32 = 2, int8 = 3, quantised = 4, trellis = 5 };

/// A format. What it reads back gives the same bytes again.
struct WeightFormat {
    WeightFormatId id;
    const char* name;
    /// Bytes that a tensor takes; null where they depend on its weights.
    std::uint64_t (*bytes)(const Tensor& tensor);
    /// Throws Error for a weight that is not finite. weights [rows, columns].
    void (*encode)(const Tensor& tensor, std::span<const float> weights, ByteWriter& writer);
    /// Throws Error with `name` in it for bytes that the writer does not write.
    void (*decode)(const Tensor& tensor, std::span<float> weights, ByteReader& reader,
                   const std::string& name);
    /// Rounds weights in place to what encode and decode would make of them; throws as encode.
    void (*project)(const Tensor& tensor, std::span<float> weights);
};

extern const WeightFormat kFp32Weights;  ///< 4 bytes a weight
extern const WeightFormat kBf16Weights;  ///< 2 bytes a weight: rounded to nearest, ties to even
/// 1 byte a weight and 1 a row: levels times a power of two; tensors of one row (gains and biases, which are
/// few and reach every symbol) as bf16. A row's scale is the smallest that cuts no weight at 127 levels, or
/// half of it where that leaves less squared error; products of weights in bf16 then round nothing twice.
extern const WeightFormat kInt8Weights;

/// Levels times a step per row, coded by the range coder with adaptive contexts (quantised_rows.hpp); tensors
/// of one row as bf16. A row that is no such levels yet is rounded to steps of 0.1 of its rms, of embedding
/// and output to 0.05; learn/quantise.hpp finds better ones.
extern const WeightFormat kQuantisedWeights;

/// Levels of a path through a trellis times a step per row (trellis.hpp), coded by the range coder: the same
/// error for fewer bits. Rows of the output are its columns. Rows that are no path yet are rounded to steps
/// of 0.05 of their rms, of embedding and output half as large.
extern const WeightFormat kTrellisWeights;

/// All of them.
inline constexpr const WeightFormat* kWeightFormats[] = {&kTrellisWeights, &kQuantisedWeights, &kInt8Weights,
                                                         &kBf16Weights, &kFp32Weights};

/// Whether a file's number means a format.
[[nodiscard]] bool is_weight_format(std::uint8_t number);
/// The format of a number that means one.
[[nodiscard]] const WeightFormat& weight_format(WeightFormatId id);
/// "bf16", "fp32", "int8", "quantised" or "trellis".
[[nodiscard]] const char* weight_format_name(WeightFormatId id);
/// The precision of that name; throws UsageError when there is none.
[[nodiscard]] WeightFormatId parse_weight_format(const std::string& name);
[[nodiscard]] Names<WeightFormatId> weight_format_choices();
/// "fp32, bf16, int8, quantised or trellis".
[[nodiscard]] std::string weight_format_names();

}  // namespace bitlaw::model
