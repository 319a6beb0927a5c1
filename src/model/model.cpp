#include "bitlaw/model/model.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/specs.hpp"

namespace bitlaw::model {
namespace {

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

NetworkSpec checked_spec(const ModelConfig& config) {
    validate(config);
    return network_spec(config);
}

}  // namespace

Layout::Layout(const NetworkSpec& network) {
    const auto place = [this](const std::string& prefix, const TensorSpec& spec) {
        Tensor tensor{prefix + spec.name, spec.rows, spec.columns, size, spec.group, spec.init, spec.parts};
        size += tensor.size();
        return tensor;
    };
    const auto place_all = [&](const std::string& prefix, const std::vector<TensorSpec>& specs) {
        std::vector<Tensor> tensors;
        for (const TensorSpec& spec : specs) {
            tensors.push_back(place(prefix, spec));
        }
        return tensors;
    };
    const std::vector<TensorSpec> first = embedding_tensors(network.embedding);
    embedding = place("", first[0]);
    taps = place("", first[1]);
    for (std::size_t index = 0; index < network.layers.size(); ++index) {
        const std::string prefix = "layer" + std::to_string(index) + ".";
        for (const BlockSpec& block : network.layers[index]) {
            blocks.push_back(place_all(prefix, block.kind->tensors(block)));
        }
        for (const BlockSpec& block : network.layers[index]) {
            norms.push_back(place_all(prefix, norm_tensors(block)));
        }
    }
    const std::vector<TensorSpec> last = head_tensors(network.head);
    output = place("", last[0]);
    output_bias = place("", last[1]);
    output_gain = place("", last[2]);
}

std::vector<Tensor> Layout::tensors() const {
    std::vector<Tensor> all{embedding, taps};
    for (const auto* lists : {&blocks, &norms}) {
        for (const std::vector<Tensor>& list : *lists) {
            all.insert(all.end(), list.begin(), list.end());
        }
    }
    all.push_back(output);
    all.push_back(output_bias);
    all.push_back(output_gain);
    std::erase_if(all, [](const Tensor& tensor) { return tensor.size() == 0; });
    std::sort(all.begin(), all.end(), [](const Tensor& a, const Tensor& b) { return a.offset < b.offset; });
    return all;
}

Model::Model(const ModelConfig& model_config) : Model(model_config, checked_spec(model_config)) {}

Model::Model(const ModelConfig& model_config, NetworkSpec network)
    : config(model_config), spec(std::move(network)), layout(spec), weights(layout.size) {}

std::span<float> Model::view(const Tensor& tensor) {
    return std::span<float>(weights).subspan(tensor.offset, tensor.size());
}

std::span<const float> Model::view(const Tensor& tensor) const {
    return std::span<const float>(weights).subspan(tensor.offset, tensor.size());
}

void draw_weights(Model& model, std::uint64_t seed) {
    const FloatStateGuard guard;
    Random random(seed);
    const auto draw = [&](const Tensor& tensor) {
        fill_truncated_normal(model.view(tensor), 1.0 / std::sqrt(static_cast<double>(tensor.rows)), random);
    };
    std::fill(model.weights.begin(), model.weights.end(), 0.0F);
    fill_truncated_normal(model.view(model.layout.embedding), model.spec.embedding.deviation, random);
    auto next = model.layout.blocks.cbegin();
    for (const std::vector<BlockSpec>& layer : model.spec.layers) {
        const auto last = next + static_cast<std::ptrdiff_t>(layer.size());
        for (const Init turn : {Init::product, Init::residual}) {
            for (auto block = next; block != last; ++block) {
                for (const Tensor& tensor : *block) {
                    if (tensor.init == turn) {
                        draw(tensor);
                    }
                }
            }
        }
        next = last;
    }
    for (const Tensor& tensor : model.layout.tensors()) {
        if (tensor.init == Init::one) {
            std::fill_n(model.view(tensor).begin(), tensor.size(), 1.0F);
        }
    }
    if (model.layout.output.init == Init::product) {
        draw(model.layout.output);
    }
}

Model untied(const Model& model) {
    if (!model.spec.head.tied) {
        return model;
    }
    NetworkSpec spec = model.spec;
    spec.head.tied = false;
    Model result(model.config, std::move(spec));
    result.vocabulary = model.vocabulary;
    const Tensor& output = result.layout.output;  // [C, V]
    const auto before = model.weights.begin() + static_cast<std::ptrdiff_t>(output.offset);
    std::copy(model.weights.begin(), before, result.weights.begin());
    std::copy(before, model.weights.end(),
              result.weights.begin() + static_cast<std::ptrdiff_t>(output.offset + output.size()));
    const std::span<const float> table = model.view(model.layout.embedding);  // [V, C]
    for (std::size_t i = 0; i < output.size(); ++i) {
        result.view(output)[i] = table[i % output.columns * output.rows + i / output.columns];
    }
    return result;
}

Model initial_model(const ModelConfig& config, std::uint64_t seed) {
    Model model(config);
    draw_weights(model, seed);
    return model;
}

}  // namespace bitlaw::model
