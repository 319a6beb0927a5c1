#include "bitlaw/model/model.hpp"

#include <cmath>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/random.hpp"

namespace bitlaw::model {
namespace {

/// The tensors of a layer in the order of the flat array.
std::vector<const Tensor*> members(const LayerTensors& layer) {
    return {&layer.qkv,
            &layer.attention_out,
            &layer.up,
            &layer.up_bias,
            &layer.down,
            &layer.down_bias,
            &layer.attention_gain,
            &layer.attention_bias,
            &layer.mlp_gain,
            &layer.mlp_bias};
}

/// Normal with the given deviation, drawn again beyond two deviations, so that no weight starts as an
/// outlier.
void fill_truncated_normal(std::span<float> values, double deviation, Random& random) {
    for (float& value : values) {
        double draw = random.normal();
        while (draw < -2.0 || draw > 2.0) {
            draw = random.normal();
        }
        value = static_cast<float>(draw * deviation);
    }
}

void fill(std::span<float> values, float value) {
    for (float& element : values) {
        element = value;
    }
}

}  // namespace

Layout::Layout(const ModelConfig& c) {
    validate(c);
    const bool vanilla = c.architecture == Architecture::vanilla;
    const std::size_t attended = std::size_t{c.heads} * c.head_width;
    const std::size_t projected = (std::size_t{c.heads} + 2 * std::size_t{c.kv_heads}) * c.head_width;
    const auto place = [this](std::string name, std::size_t rows, std::size_t columns) {
        Tensor tensor{std::move(name), rows, columns, size};
        size += tensor.size();
        return tensor;
    };
    const auto place_row = [&](std::string name, std::size_t columns) {
        return place(std::move(name), vanilla ? 1 : 0, columns);
    };
    embedding = place("embedding", c.alphabet, c.width);
    taps = place("taps", c.taps, c.width);
    for (std::size_t index = 0; index < c.layers; ++index) {
        const std::string prefix = "layer" + std::to_string(index) + ".";
        LayerTensors layer;
        layer.qkv = place(prefix + "qkv", c.width, projected);
        layer.attention_out = place(prefix + "attention_out", attended, c.width);
        layer.up = place(prefix + "up", c.width, c.hidden);
        layer.up_bias = place_row(prefix + "up_bias", c.hidden);
        layer.down = place(prefix + "down", c.hidden, c.width);
        layer.down_bias = place_row(prefix + "down_bias", c.width);
        layer.attention_gain = place_row(prefix + "attention_gain", c.width);
        layer.attention_bias = place_row(prefix + "attention_bias", c.width);
        layer.mlp_gain = place_row(prefix + "mlp_gain", c.width);
        layer.mlp_bias = place_row(prefix + "mlp_bias", c.width);
        layers.push_back(std::move(layer));
    }
    output = place("output", c.width, c.alphabet);
    output_bias = place_row("output_bias", c.alphabet);
    BITLAW_ASSERT(size == parameter_count(c));
}

std::vector<Tensor> Layout::tensors() const {
    std::vector<Tensor> all{embedding};
    if (taps.size() > 0) {
        all.push_back(taps);
    }
    for (const LayerTensors& layer : layers) {
        for (const Tensor* tensor : members(layer)) {
            if (tensor->size() > 0) {
                all.push_back(*tensor);
            }
        }
    }
    all.push_back(output);
    if (output_bias.size() > 0) {
        all.push_back(output_bias);
    }
    return all;
}

Model::Model(const ModelConfig& model_config)
    : config(model_config), layout(model_config), weights(layout.size) {}

std::span<float> Model::view(const Tensor& tensor) {
    return std::span<float>(weights).subspan(tensor.offset, tensor.size());
}

std::span<const float> Model::view(const Tensor& tensor) const {
    return std::span<const float>(weights).subspan(tensor.offset, tensor.size());
}

Model initial_model(const ModelConfig& config, std::uint64_t seed) {
    const FloatStateGuard guard;
    Model model(config);
    const bool vanilla = config.architecture == Architecture::vanilla;
    Random random(seed);
    const auto fill_product = [&](const Tensor& tensor) {
        fill_truncated_normal(model.view(tensor), 1.0 / std::sqrt(static_cast<double>(tensor.rows)), random);
    };
    fill_truncated_normal(model.view(model.layout.embedding), vanilla ? 0.02 : 1.0, random);
    for (const LayerTensors& layer : model.layout.layers) {
        fill_product(layer.qkv);
        fill_product(layer.up);
        if (vanilla) {
            fill_product(layer.attention_out);
            fill_product(layer.down);
        }
        fill(model.view(layer.attention_gain), 1.0F);
        fill(model.view(layer.mlp_gain), 1.0F);
    }
    if (vanilla) {
        fill_product(model.layout.output);
    }
    return model;
}

}  // namespace bitlaw::model
