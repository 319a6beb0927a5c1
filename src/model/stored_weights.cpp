#include "bitlaw/model/stored_weights.hpp"

#include <algorithm>

#include "bitlaw/base/float_state.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {

std::optional<std::uint64_t> weight_bytes_count(const ModelConfig& config, WeightFormatId id) {
    const WeightFormat& format = weight_format(id);
    if (format.bytes == nullptr) {
        return {};
    }
    std::uint64_t bytes = 0;
    for (const Tensor& tensor : Layout(network_spec(config)).tensors()) {
        bytes += format.bytes(tensor);
    }
    return bytes;
}

Bytes weight_bytes(const Model& model, WeightFormatId id) {
    Bytes bytes;
    append_weights(model, id, bytes);
    return bytes;
}

void append_weights(const Model& model, WeightFormatId id, Bytes& bytes) {
    const FloatStateGuard guard;
    const WeightFormat& format = weight_format(id);
    for (const Tensor& tensor : model.layout.tensors()) {
        ByteWriter writer;
        format.encode(tensor, model.view(tensor), writer);
        bytes.insert(bytes.end(), writer.data().begin(), writer.data().end());
    }
}

void read_weights(ByteReader& reader, WeightFormatId id, Model& model, const std::string& name,
                  const std::function<void()>& after_tensor) {
    const FloatStateGuard guard;
    const WeightFormat& format = weight_format(id);
    for (const Tensor& tensor : model.layout.tensors()) {
        format.decode(tensor, model.view(tensor), reader, name);
        after_tensor();
    }
}

void round_weights(Model& model, WeightFormatId id) {
    const FloatStateGuard guard;
    const WeightFormat& format = weight_format(id);
    Floats rounded = model.weights;  // a weight that cannot be stored leaves the model as it was
    for (const Tensor& tensor : model.layout.tensors()) {
        format.project(tensor, std::span(rounded).subspan(tensor.offset, tensor.size()));
    }
    std::copy(rounded.begin(), rounded.end(), model.weights.begin());
}

}  // namespace bitlaw::model
