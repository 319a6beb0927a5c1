#include "bitlaw/model/stored_weights.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {
namespace {

constexpr std::uint32_t kExponent = 0x7F800000;

bool finite(float value) { return (std::bit_cast<std::uint32_t>(value) & kExponent) != kExponent; }

// The upper half of the fp32 bits, rounded to nearest, ties to even. Needs a finite weight; may give an
// infinity.
std::uint16_t bf16_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float widened(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

[[noreturn]] void fail_weight(std::size_t index, float weight) {
    fail("weight ", index, " of the model is not a finite number (", weight,
         "); the training has diverged: train again with a lower learning rate");
}

// ---- int8
// -----------------------------------------------------------------------------------------------------------

constexpr int kMostLevel = 127;
/// A row's greatest level with the smallest scale that cuts nothing: a scale of half the size would cut it.
constexpr int kLeastGreatestLevel = 64;

// The scale 2^(exponent - 127), 0 for exponent 0: a fp32 number's biased exponent.
float scale_of(std::uint8_t exponent) { return std::bit_cast<float>(std::uint32_t{exponent} << 23); }

// To nearest, halves away from zero, cut at 127.
int level_of(double weight, double scale) {
    const double level = std::min(std::abs(weight) / scale + 0.5, double{kMostLevel});
    return weight < 0 ? -static_cast<int>(level) : static_cast<int>(level);
}

double squared_error(std::span<const float> row, double scale) {
    double sum = 0;
    for (const float weight : row) {
        const double error = level_of(weight, scale) * scale - weight;
        sum += error * error;
    }
    return sum;
}

float largest_of(std::span<const float> row) {
    float largest = 0;
    for (const float weight : row) {
        largest = std::max(largest, std::abs(weight));
    }
    return largest;
}

std::uint8_t best_exponent(std::span<const float> row) {
    const double largest = largest_of(row);
    unsigned exponent = 1;
    while (largest > kMostLevel * double{scale_of(static_cast<std::uint8_t>(exponent))}) {
        ++exponent;  // ends at 249: 127 * 2^122 exceeds the largest float
    }
    const auto whole = static_cast<std::uint8_t>(exponent);
    if (level_of(largest, scale_of(whole)) == 0) {
        return 0;
    }
    const auto half = static_cast<std::uint8_t>(exponent - 1);
    return half > 0 && squared_error(row, scale_of(half)) < squared_error(row, scale_of(whole)) ? half
                                                                                                : whole;
}

// Exponents of the rows [rows], then the levels [rows, columns].
void write_rows(const Model& model, const Tensor& tensor, ByteWriter& writer) {
    const std::span<const float> weights = model.view(tensor);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!finite(weights[i])) {
            fail_weight(tensor.offset + i, weights[i]);
        }
    }
    Bytes exponents;
    for (std::size_t row = 0; row < tensor.rows; ++row) {
        exponents.push_back(best_exponent(weights.subspan(row * tensor.columns, tensor.columns)));
    }
    writer.bytes(exponents);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::uint8_t exponent = exponents[i / tensor.columns];
        const int level = exponent > 0 ? level_of(weights[i], scale_of(exponent)) : 0;
        if (!finite(static_cast<float>(level) * scale_of(exponent))) {
            fail_weight(tensor.offset + i, weights[i]);  // above 127 * 2^121 it is rounded up to infinity
        }
        writer.u8(static_cast<std::uint8_t>(level));
    }
}

// Refuses what the writer does not write, so that equal weights have equal bytes and one model id.
void read_rows(ByteReader& reader, std::span<float> weights, const Tensor& tensor, const std::string& name) {
    const ByteSpan exponents = reader.bytes(tensor.rows);
    for (std::size_t row = 0; row < tensor.rows; ++row) {
        int greatest = 0;
        for (std::size_t column = 0; column < tensor.columns; ++column) {
            const int level = static_cast<std::int8_t>(reader.u8());
            greatest = std::max(greatest, std::abs(level));
            weights[row * tensor.columns + column] =
                static_cast<float>(level) * scale_of(exponents[row]);  // exact
        }
        const int least = exponents[row] > 1 ? kLeastGreatestLevel : exponents[row];
        if (greatest < least || greatest > kMostLevel || (exponents[row] == 0 && greatest > 0)) {
            fail(name, " is damaged: row ", row, " of ", tensor.name, " does not fit its scale",
                 "; copy it again or export it again");
        }
    }
}

// ---- one tensor
// -----------------------------------------------------------------------------------------------------

bool has_scales(const Tensor& tensor, Precision precision) {
    return precision == Precision::int8 && tensor.rows > 1;
}

void write_tensor(const Model& model, const Tensor& tensor, Precision precision, ByteWriter& writer) {
    if (has_scales(tensor, precision)) {
        write_rows(model, tensor, writer);
        return;
    }
    const std::span<const float> weights = model.view(tensor);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const float weight = weights[i];
        const std::uint16_t upper = precision == Precision::fp32 ? std::uint16_t{0} : bf16_bits(weight);
        if (!finite(weight) || !finite(widened(upper))) {
            fail_weight(tensor.offset + i, weight);
        }
        if (precision == Precision::fp32) {
            writer.f32(weight);
        } else {
            writer.u16(upper);
        }
    }
}

}  // namespace

const char* precision_name(Precision precision) {
    switch (precision) {
        case Precision::bf16: return "bf16";
        case Precision::fp32: return "fp32";
        default: return "int8";
    }
}

Precision parse_precision(const std::string& name) {
    for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
        if (name == precision_name(precision)) {
            return precision;
        }
    }
    fail_usage("'", name, "' is not known; choose fp32, bf16 or int8");
}

std::uint64_t weight_bytes_count(const ModelConfig& config, Precision precision) {
    std::uint64_t bytes = 0;
    for (const Tensor& tensor : Layout(network_spec(config)).tensors()) {
        const std::uint64_t plain_width = precision == Precision::fp32 ? 4 : 2;
        bytes += has_scales(tensor, precision) ? tensor.size() + tensor.rows : tensor.size() * plain_width;
    }
    return bytes;
}

Bytes weight_bytes(const Model& model, Precision precision) {
    const FloatStateGuard guard;
    ByteWriter writer;
    for (const Tensor& tensor : model.layout.tensors()) {
        write_tensor(model, tensor, precision, writer);
    }
    return writer.take();
}

void read_weights(ByteReader& reader, Precision precision, Model& model, const std::string& name) {
    const FloatStateGuard guard;
    for (const Tensor& tensor : model.layout.tensors()) {
        const std::span<float> weights = model.view(tensor);
        if (has_scales(tensor, precision)) {
            read_rows(reader, weights, tensor, name);
        } else {
            for (float& weight : weights) {
                weight = precision == Precision::fp32 ? reader.f32() : widened(reader.u16());
            }
        }
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if (!finite(weights[i])) {
                fail(name, " is damaged: weight ", tensor.offset + i,
                     " is not a finite number; copy it again or train it again");
            }
        }
    }
}

void round_weights(Model& model, Precision precision) {
    const Bytes stored = weight_bytes(model, precision);
    ByteReader reader(stored, "the rounded weights");
    read_weights(reader, precision, model, "the model");
}

}  // namespace bitlaw::model
