#pragma once
/// \file Parameters: one allocation, named views with shapes, so that counting, saving and updating are flat
/// loops.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/config.hpp"
#include "bitlaw/model/spec.hpp"
#include "bitlaw/model/tensor.hpp"
#include "bitlaw/symbols/vocabulary_fwd.hpp"

namespace bitlaw::model {

/// Order and shapes of all tensors of a network. In files: embedding, taps; of each layer the tensors of its
/// blocks, then those of their norms; output, its bias, the gain of its norm.
struct Layout {
    explicit Layout(const NetworkSpec& network);
    Tensor embedding;                         ///< [V, C]
    Tensor taps;                              ///< [taps, C]
    std::vector<std::vector<Tensor>> blocks;  ///< of every block, counted through all layers
    std::vector<std::vector<Tensor>>
        norms;             ///< of every block's norm: gain [1, C], bias [1, C]; some have fewer
    Tensor output;         ///< [C, V]
    Tensor output_bias;    ///< [1, V]
    Tensor output_gain;    ///< [1, C]
    std::size_t size = 0;  ///< parameters in all
    /// Every tensor that has a size, in the order of the flat array.
    [[nodiscard]] std::vector<Tensor> tensors() const;
};

/// A network and its parameters in fp32.
struct Model {
    /// The config's network; throws Error for a config that cannot run.
    explicit Model(const ModelConfig& model_config);
    /// Any network. The config is what files would say of it.
    Model(const ModelConfig& model_config, NetworkSpec network);
    ModelConfig config;
    NetworkSpec spec;
    Layout layout;
    Floats weights;  ///< [layout.size], zero at first
    /// What its symbols stand for; null where they are bytes.
    std::shared_ptr<const symbols::Vocabulary> vocabulary = {};
    [[nodiscard]] std::span<float> view(const Tensor& tensor);
    [[nodiscard]] std::span<const float> view(const Tensor& tensor) const;
};

/// Draws fresh weights from the seed (class A): the embedding's table, then layer by layer what tensors begin
/// with (tensor.hpp), then the output.
void draw_weights(Model& model, std::uint64_t seed);

/// The same function with an output of its own where it was the embedding's table, so that it has a gradient.
/// The config stays that of the tied network.
[[nodiscard]] Model untied(const Model& model);

/// A fresh model of the config's network.
[[nodiscard]] Model initial_model(const ModelConfig& config, std::uint64_t seed);

}  // namespace bitlaw::model
