// A row of weights is levels of -127 .. 127 times a power of two; tensors of one row are bf16.

#include <algorithm>
#include <bit>
#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/weight_format.hpp"
#include "finite.hpp"

namespace bitlaw::model {
namespace {

constexpr int kMaxLevel = 127;
/// A row's greatest level with the smallest scale that cuts nothing: a scale of half the size would cut it.
constexpr int kMinGreatestLevel = 64;

// The scale 2^(exponent - 127), 0 for exponent 0: a fp32 number's biased exponent.
float scale_of(std::uint8_t exponent) { return std::bit_cast<float>(std::uint32_t{exponent} << 23); }

// To nearest, halves away from zero, cut at 127.
int level_of(double weight, double scale) {
    const double level = std::min(std::abs(weight) / scale + 0.5, double{kMaxLevel});
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
    while (largest > kMaxLevel * double{scale_of(static_cast<std::uint8_t>(exponent))}) {
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

bool has_scales(const Tensor& tensor) { return tensor.rows > 1; }

std::uint64_t bytes(const Tensor& tensor) {
    return has_scales(tensor) ? tensor.size() + tensor.rows : kBf16Weights.bytes(tensor);
}

/// Calls visit(row, exponent) for every row.
template <class Visit>
void for_rows(const Tensor& tensor, std::span<const float> weights, const Visit& visit) {
    require_finite(tensor, weights);
    for (std::size_t row = 0; row < tensor.rows; ++row) {
        visit(row, best_exponent(weights.subspan(row * tensor.columns, tensor.columns)));
    }
}

int checked_level(const Tensor& tensor, std::span<const float> weights, std::size_t i,
                  std::uint8_t exponent) {
    const int level = exponent > 0 ? level_of(weights[i], scale_of(exponent)) : 0;
    if (!is_finite(static_cast<float>(level) * scale_of(exponent))) {
        fail_weight(tensor, i, weights[i]);  // above 127 * 2^121 it is rounded up to infinity
    }
    return level;
}

// Exponents of the rows [rows], then the levels [rows, columns].
void encode(const Tensor& tensor, std::span<const float> weights, ByteWriter& writer) {
    if (!has_scales(tensor)) {
        kBf16Weights.encode(tensor, weights, writer);
        return;
    }
    Bytes exponents;
    for_rows(tensor, weights, [&](std::size_t, std::uint8_t exponent) { exponents.push_back(exponent); });
    writer.bytes(exponents);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const int level = checked_level(tensor, weights, i, exponents[i / tensor.columns]);
        writer.u8(static_cast<std::uint8_t>(level));
    }
}

// Refuses what the writer does not write, so that equal weights have equal bytes and one model id.
void decode(const Tensor& tensor, std::span<float> weights, ByteReader& reader, const std::string& name) {
    if (!has_scales(tensor)) {
        kBf16Weights.decode(tensor, weights, reader, name);
        return;
    }
    const ByteSpan exponents = reader.bytes(tensor.rows);
    for (std::size_t row = 0; row < tensor.rows; ++row) {
        int greatest = 0;
        for (std::size_t column = 0; column < tensor.columns; ++column) {
            const int level = static_cast<std::int8_t>(reader.u8());
            greatest = std::max(greatest, std::abs(level));
            weights[row * tensor.columns + column] =
                static_cast<float>(level) * scale_of(exponents[row]);  // exact
        }
        const int least = exponents[row] > 1 ? kMinGreatestLevel : exponents[row];
        if (greatest < least || greatest > kMaxLevel || (exponents[row] == 0 && greatest > 0)) {
            fail(name, " is damaged: row ", row, " of ", tensor.name, " does not fit its scale",
                 "; copy it again or export it again");
        }
    }
    require_undamaged(tensor, weights, name);
}

void project(const Tensor& tensor, std::span<float> weights) {
    if (!has_scales(tensor)) {
        kBf16Weights.project(tensor, weights);
        return;
    }
    for_rows(tensor, weights, [&](std::size_t row, std::uint8_t exponent) {
        for (std::size_t i = row * tensor.columns; i < (row + 1) * tensor.columns; ++i) {
            weights[i] = static_cast<float>(checked_level(tensor, weights, i, exponent)) * scale_of(exponent);
        }
    });
}

}  // namespace

const WeightFormat kInt8Weights = {.id = WeightFormatId::int8,
                                   .name = "int8",
                                   .bytes = bytes,
                                   .encode = encode,
                                   .decode = decode,
                                   .project = project};

}  // namespace bitlaw::model
