// A weight is the upper half of its fp32 bits, rounded to nearest, ties to even.

#include <bit>

#include "bitlaw/model/weight_format.hpp"
#include "finite.hpp"

namespace bitlaw::model {
namespace {

// Needs a finite weight; may give an infinity.
std::uint16_t upper_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float widened(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

std::uint16_t checked_half(const Tensor& tensor, std::span<const float> weights, std::size_t i) {
    const std::uint16_t half = upper_half(weights[i]);
    if (!is_finite(weights[i]) || !is_finite(widened(half))) {
        fail_weight(tensor, i, weights[i]);
    }
    return half;
}

std::uint64_t bytes(const Tensor& tensor) { return 2 * std::uint64_t{tensor.size()}; }

void encode(const Tensor& tensor, std::span<const float> weights, ByteWriter& writer) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
        writer.u16(checked_half(tensor, weights, i));
    }
}

void decode(const Tensor& tensor, std::span<float> weights, ByteReader& reader, const std::string& name) {
    for (float& weight : weights) {
        weight = widened(reader.u16());
    }
    require_undamaged(tensor, weights, name);
}

void project(const Tensor& tensor, std::span<float> weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
        weights[i] = widened(checked_half(tensor, weights, i));
    }
}

}  // namespace

const WeightFormat kBf16Weights = {.id = WeightFormatId::bf16,
                                   .name = "bf16",
                                   .bytes = bytes,
                                   .encode = encode,
                                   .decode = decode,
                                   .project = project};

}  // namespace bitlaw::model
