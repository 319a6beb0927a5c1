#pragma once
/// \file Parameters: one allocation, named views with shapes, so that counting, saving and updating are flat
/// loops.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::model {

/// Where one tensor lies in the flat array of parameters: [rows, columns], row-major.
struct Tensor {
    std::string name;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t offset = 0;
    [[nodiscard]] std::size_t size() const { return rows * columns; }
};

/// The tensors of one layer. Those that an architecture lacks have size 0.
struct LayerTensors {
    Tensor qkv;             ///< [C, (H + 2 Hkv) D]: queries, keys, values side by side
    Tensor attention_out;   ///< [H D, C]
    Tensor up;              ///< [C, F]
    Tensor up_bias;         ///< [1, F]       vanilla
    Tensor down;            ///< [F, C]
    Tensor down_bias;       ///< [1, C]       vanilla
    Tensor attention_gain;  ///< [1, C]       vanilla: layer norm after attention
    Tensor attention_bias;  ///< [1, C]       vanilla
    Tensor mlp_gain;        ///< [1, C]       vanilla: layer norm after the MLP
    Tensor mlp_bias;        ///< [1, C]       vanilla

    /// The operands of products.
    [[nodiscard]] std::array<const Tensor*, 4> matrices() const { return {&qkv, &attention_out, &up, &down}; }
};

/// Order and shapes of all tensors of a config.
struct Layout {
    explicit Layout(const ModelConfig& config);
    Tensor embedding;  ///< [V, C]
    Tensor taps;       ///< [taps, C]         modern
    std::vector<LayerTensors> layers;
    Tensor output;         ///< [C, V]
    Tensor output_bias;    ///< [1, V]          vanilla
    std::size_t size = 0;  ///< parameters in all
    /// Every tensor that is there, in the order of the flat array.
    [[nodiscard]] std::vector<Tensor> tensors() const;
};

/// A config and its parameters in fp32.
struct Model {
    explicit Model(const ModelConfig& model_config);
    ModelConfig config;
    Layout layout;
    Floats weights;  ///< [layout.size], zero at first
    [[nodiscard]] std::span<float> view(const Tensor& tensor);
    [[nodiscard]] std::span<const float> view(const Tensor& tensor) const;
};

/// A fresh model: weights drawn from the seed (class A). Products: normal with variance 1 / rows, cut at two
/// standard deviations; embeddings normal(0, 0.02) for vanilla (the paper's), normal(0, 1) for modern; gains
/// 1; biases 0; modern's taps, output and projections back into the residual stream start at zero.
[[nodiscard]] Model initial_model(const ModelConfig& config, std::uint64_t seed);

}  // namespace bitlaw::model
