#pragma once
/// \file Every kind of block as straightforward loops in double precision: the oracle of its row functions,
/// its mixing and its gradients.

#include <cmath>
#include <map>
#include <vector>

#include "bitlaw/kernels/plain_attention.hpp"
#include "bitlaw/model/blocks.hpp"
#include "bitlaw/model/spec.hpp"

namespace bitlaw::model::plain {

using Matrix = std::vector<double>;  // [rows, columns]

/// Tensors of a block, its weights among all in double, and the network's rotary positions.
struct PlainView {
    const BlockSpec& spec;
    const std::vector<Tensor>& tensors;
    const std::vector<double>& weights;
    const RotarySpec& rotary;
    [[nodiscard]] const double* at(std::size_t tensor) const {
        return weights.data() + tensors[tensor].offset;
    }
};

/// [n, k] x W [k, m], plus bias [m] where there is one.
inline Matrix product(const Matrix& x, std::size_t n, const double* w, std::size_t k, std::size_t m,
                      const double* bias = nullptr) {
    Matrix y(n * m);
    for (std::size_t row = 0; row < n; ++row) {
        for (std::size_t column = 0; column < m; ++column) {
            double sum = bias != nullptr ? bias[column] : 0.0;
            for (std::size_t i = 0; i < k; ++i) {
                sum += x[row * k + i] * w[i * m + column];
            }
            y[row * m + column] = sum;
        }
    }
    return y;
}

inline Matrix product(const PlainView& b, std::size_t tensor, const Matrix& x, std::size_t n,
                      const double* bias = nullptr) {
    return product(x, n, b.at(tensor), b.tensors[tensor].rows, b.tensors[tensor].columns, bias);
}

inline double gelu(double x) {
    const double u = std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + std::tanh(u));
}
inline double squared_relu(double x) { return x > 0 ? x * x : 0; }

inline Matrix attention(const PlainView& b, const Matrix& x, std::size_t n) {
    const AttentionOptions& a = b.spec.attention;
    const std::size_t d = a.head_width;
    const std::size_t queries = a.heads * d;
    const std::size_t keys = a.kv_heads * d;
    const std::size_t projected = queries + 2 * keys;
    Matrix cosine(n * d / 2);
    Matrix sine(n * d / 2);
    for (std::size_t t = 0; t < n; ++t) {
        for (std::size_t i = 0; i < d / 2; ++i) {
            const double angle =
                static_cast<double>(t) *
                std::pow(b.rotary.base, -2.0 * static_cast<double>(i) / static_cast<double>(d));
            cosine[t * d / 2 + i] = std::cos(angle);
            sine[t * d / 2 + i] = std::sin(angle);
        }
    }
    Matrix qkv = product(b, 0, x, n);
    const double width = static_cast<double>(d);
    const double scale = a.qk_norm ? 10 / width : 1 / std::sqrt(width);
    Matrix inverse(n * a.heads);
    kernels::plain::rotate(
        {qkv.data(), projected}, n,
        {a.heads, d, cosine.data(), sine.data(), a.qk_norm, scale * 1.44269504088896340736}, inverse.data());
    kernels::plain::rotate({qkv.data() + queries, projected}, n,
                           {a.kv_heads, d, cosine.data(), sine.data(), a.qk_norm, 1.0}, inverse.data());
    const kernels::AttentionShape shape{a.heads, a.kv_heads, d, a.window, !a.qk_norm};
    const kernels::plain::Block<double> block{
        qkv.data(), projected, qkv.data() + queries, projected, qkv.data() + queries + keys, projected, n, 0};
    Matrix out(n * queries);
    Matrix maximum(n * a.heads);
    kernels::plain::attention_forward(shape, block, {{out.data(), queries}, maximum.data(), inverse.data()});
    return product(b, 1, out, n);
}

inline Matrix mlp(const PlainView& b, const Matrix& x, std::size_t n) {
    const bool biases = b.spec.hidden.biases;
    Matrix hidden = product(b, 0, x, n, biases ? b.at(1) : nullptr);
    for (double& value : hidden) {
        value = b.spec.hidden.activation == &kGelu ? gelu(value) : squared_relu(value);
    }
    return product(b, 2, hidden, n, biases ? b.at(3) : nullptr);
}

inline double silu(double x) { return x / (1 + std::exp(-x)); }

template <double kGate(double)>
Matrix gated_mlp(const PlainView& b, const Matrix& x, std::size_t n) {
    Matrix hidden = product(b, 0, x, n);
    const Matrix up = product(b, 1, x, n);
    for (std::size_t i = 0; i < hidden.size(); ++i) {
        hidden[i] = kGate(hidden[i]) * up[i];
    }
    return product(b, 2, hidden, n);
}

/// f(x [n, C]) of one sequence, of the kinds that there are.
using PlainBlock = Matrix (*)(const PlainView& block, const Matrix& x, std::size_t n);
inline PlainBlock plain_block(const Block* kind) {
    const std::map<const Block*, PlainBlock> blocks = {{&kAttention, attention},
                                                       {&kMlp, mlp},
                                                       {&kSiluGatedMlp, gated_mlp<silu>},
                                                       {&kSquaredReluGatedMlp, gated_mlp<squared_relu>}};
    return blocks.at(kind);
}

}  // namespace bitlaw::model::plain
