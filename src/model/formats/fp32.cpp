// A weight is its fp32 bits.

#include "bitlaw/model/weight_format.hpp"
#include "finite.hpp"

namespace bitlaw::model {
namespace {

std::uint64_t bytes(const Tensor& tensor) { return 4 * std::uint64_t{tensor.size()}; }

void project(const Tensor& tensor, std::span<float> weights) { require_finite(tensor, weights); }

void encode(const Tensor& tensor, std::span<const float> weights, ByteWriter& writer) {
    require_finite(tensor, weights);
    for (const float weight : weights) {
        writer.f32(weight);
    }
}

void decode(const Tensor& tensor, std::span<float> weights, ByteReader& reader, const std::string& name) {
    for (float& weight : weights) {
        weight = reader.f32();
    }
    require_undamaged(tensor, weights, name);
}

}  // namespace

const WeightFormat kFp32Weights = {.id = WeightFormatId::fp32,
                                   .name = "fp32",
                                   .bytes = bytes,
                                   .encode = encode,
                                   .decode = decode,
                                   .project = project};

}  // namespace bitlaw::model
