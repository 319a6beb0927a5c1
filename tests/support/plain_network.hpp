#pragma once
/// \file The whole network as straightforward loops in double precision: the oracle of forward and backward
/// tests.

#include <cmath>
#include <span>
#include <vector>

#include "bitlaw/kernels/plain_attention.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::kernels::plain {

/// Runs sequences through a model whose weights are doubles in the layout's order.
class PlainNetwork {
   public:
    explicit PlainNetwork(const model::ModelConfig& config) : config_(config), layout_(config) {}

    /// Sum over tokens of -ln p(symbol); symbols [B, T].
    [[nodiscard]] double loss(const std::vector<double>& weights, std::span<const symbols::Symbol> symbols,
                              std::size_t positions) const {
        double sum = 0;
        for (std::size_t first = 0; first < symbols.size(); first += positions) {
            sum += sequence_loss(weights, symbols.subspan(first, positions));
        }
        return sum;
    }

   private:
    using Matrix = std::vector<double>;  // [rows, columns]

    [[nodiscard]] bool vanilla() const { return config_.architecture == model::Architecture::vanilla; }

    /// [n, k] x tensor [k, m], plus bias where there is one.
    static Matrix product(const Matrix& x, std::size_t n, const std::vector<double>& weights,
                          const model::Tensor& tensor, const model::Tensor* bias) {
        Matrix y(n * tensor.columns);
        for (std::size_t row = 0; row < n; ++row) {
            for (std::size_t column = 0; column < tensor.columns; ++column) {
                double sum = bias != nullptr ? weights[bias->offset + column] : 0.0;
                for (std::size_t k = 0; k < tensor.rows; ++k) {
                    sum += x[row * tensor.rows + k] * weights[tensor.offset + k * tensor.columns + column];
                }
                y[row * tensor.columns + column] = sum;
            }
        }
        return y;
    }

    static Matrix rms_norm(const Matrix& x, std::size_t width) {
        Matrix y(x.size());
        for (std::size_t row = 0; row < x.size(); row += width) {
            double squares = 0;
            for (std::size_t i = 0; i < width; ++i) {
                squares += x[row + i] * x[row + i];
            }
            for (std::size_t i = 0; i < width; ++i) {
                y[row + i] = x[row + i] / std::sqrt(squares / static_cast<double>(width) + 1e-6);
            }
        }
        return y;
    }

    static Matrix layer_norm(const Matrix& x, std::size_t width, const double* gain, const double* bias) {
        Matrix y(x.size());
        for (std::size_t row = 0; row < x.size(); row += width) {
            double mean = 0;
            double variance = 0;
            for (std::size_t i = 0; i < width; ++i) {
                mean += x[row + i] / static_cast<double>(width);
            }
            for (std::size_t i = 0; i < width; ++i) {
                variance += (x[row + i] - mean) * (x[row + i] - mean) / static_cast<double>(width);
            }
            for (std::size_t i = 0; i < width; ++i) {
                y[row + i] = (x[row + i] - mean) / std::sqrt(variance + 1e-5) * gain[i] + bias[i];
            }
        }
        return y;
    }

    static double gelu(double x) {
        const double u = std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x);
        return 0.5 * x * (1 + std::tanh(u));
    }
    static double squared_relu(double x) { return x > 0 ? x * x : 0; }

    [[nodiscard]] Matrix attend(Matrix qkv, std::size_t n) const {
        const std::size_t d = config_.head_width;
        const std::size_t attended = config_.heads * d;
        const std::size_t keys = config_.kv_heads * d;
        const std::size_t projected = attended + 2 * keys;
        Matrix cosine(n * d / 2);
        Matrix sine(n * d / 2);
        for (std::size_t t = 0; t < n; ++t) {
            for (std::size_t i = 0; i < d / 2; ++i) {
                const double angle =
                    static_cast<double>(t) *
                    std::pow(config_.rotary_base, -2.0 * static_cast<double>(i) / static_cast<double>(d));
                cosine[t * d / 2 + i] = std::cos(angle);
                sine[t * d / 2 + i] = std::sin(angle);
            }
        }
        const double width = static_cast<double>(d);
        const double scale = vanilla() ? 1 / std::sqrt(width) : 10 / width;
        Matrix inverse(n * config_.heads);
        rotate(qkv.data(), projected, n, config_.heads, d, cosine.data(), sine.data(), !vanilla(),
               scale * 1.44269504088896340736, inverse.data());
        rotate(qkv.data() + attended, projected, n, config_.kv_heads, d, cosine.data(), sine.data(),
               !vanilla(), 1.0, inverse.data());
        const kernels::AttentionShape shape{config_.heads, config_.kv_heads, d, config_.window, vanilla()};
        const Block<double> block{
            qkv.data(), projected, qkv.data() + attended, projected, qkv.data() + attended + keys, projected,
            n,          0};
        Matrix out(n * attended);
        Matrix maximum(n * config_.heads);
        attention_forward(shape, block, out.data(), attended, maximum.data(), inverse.data());
        return out;
    }

    static void add(Matrix& to, const Matrix& from) {
        for (std::size_t i = 0; i < to.size(); ++i) {
            to[i] += from[i];
        }
    }

    [[nodiscard]] Matrix layer(const std::vector<double>& w, const model::LayerTensors& t, Matrix x,
                               std::size_t n) const {
        const auto at = [&](const model::Tensor& tensor) { return w.data() + tensor.offset; };
        const Matrix entered = vanilla() ? x : rms_norm(x, config_.width);
        add(x, product(attend(product(entered, n, w, t.qkv, nullptr), n), n, w, t.attention_out, nullptr));
        if (vanilla()) {
            x = layer_norm(x, config_.width, at(t.attention_gain), at(t.attention_bias));
        }
        Matrix hidden =
            product(vanilla() ? x : rms_norm(x, config_.width), n, w, t.up, vanilla() ? &t.up_bias : nullptr);
        for (double& value : hidden) {
            value = vanilla() ? gelu(value) : squared_relu(value);
        }
        add(x, product(hidden, n, w, t.down, vanilla() ? &t.down_bias : nullptr));
        return vanilla() ? layer_norm(x, config_.width, at(t.mlp_gain), at(t.mlp_bias)) : x;
    }

    [[nodiscard]] double sequence_loss(const std::vector<double>& w,
                                       std::span<const symbols::Symbol> symbols) const {
        const std::size_t n = symbols.size();
        const double factor = vanilla() ? std::sqrt(static_cast<double>(config_.width)) : 1;
        Matrix x(n * config_.width);
        for (std::size_t t = 0; t < n; ++t) {
            const std::size_t symbol = t == 0 ? symbols::kStartSymbol : symbols[t - 1];
            for (std::size_t i = 0; i < config_.width; ++i) {
                x[t * config_.width + i] = w[layout_.embedding.offset + symbol * config_.width + i] * factor;
                for (std::size_t j = 1; j <= config_.taps; ++j) {
                    const std::size_t earlier = t < j + 1 ? symbols::kStartSymbol : symbols[t - 1 - j];
                    x[t * config_.width + i] += w[layout_.taps.offset + (j - 1) * config_.width + i] *
                                                w[layout_.embedding.offset + earlier * config_.width + i];
                }
            }
        }
        for (const model::LayerTensors& tensors : layout_.layers) {
            x = layer(w, tensors, std::move(x), n);
        }
        const Matrix logits = product(vanilla() ? x : rms_norm(x, config_.width), n, w, layout_.output,
                                      vanilla() ? &layout_.output_bias : nullptr);
        double sum = 0;
        for (std::size_t t = 0; t < n; ++t) {
            double total = 0;
            for (std::size_t j = 0; j < config_.alphabet; ++j) {
                total += std::exp(logits[t * config_.alphabet + j]);
            }
            sum += std::log(total) - logits[t * config_.alphabet + symbols[t]];
        }
        return sum;
    }

    model::ModelConfig config_;
    model::Layout layout_;
};

}  // namespace bitlaw::kernels::plain
