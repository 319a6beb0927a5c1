#include "bitlaw/model/layer.hpp"

#include <algorithm>
#include <cmath>

namespace bitlaw::model {

using namespace kernels;

namespace {

constexpr double kLog2E = 1.44269504088896340736;

/// QK-norm makes |q| = |k| = sqrt(D), so a score lies within +-D times the scale. Scale 10 / D bounds it by
/// 10: sharp enough to pick one key among the window's hundreds (e^20 between best and worst), and sums of
/// e^10 stay far inside fp32 without subtracting a maximum.
constexpr double kModernScoreBound = 10.0;

bool is_modern(const PackedModel& model) { return model.config().architecture == Architecture::modern; }

void copy_rows(const float* from, std::size_t floats, float* to) {
    if (from != to) {
        std::copy(from, from + floats, to);
    }
}

}  // namespace

Widths::Widths(const ModelConfig& c)
    : width(c.width),
      attended(std::size_t{c.heads} * c.head_width),
      keys(std::size_t{c.kv_heads} * c.head_width),
      projected(attended + 2 * keys),
      hidden(c.hidden),
      heads(c.heads),
      kv_heads(c.kv_heads),
      alphabet(c.alphabet),
      half_head(c.head_width / 2) {}

AttentionShape attention_shape(const ModelConfig& c) {
    return {c.heads, c.kv_heads, c.head_width, c.window, c.architecture == Architecture::vanilla};
}

float query_factor(const ModelConfig& config) {
    const double scale = config.architecture == Architecture::modern
                             ? kModernScoreBound / config.head_width
                             : 1.0 / std::sqrt(static_cast<double>(config.head_width));
    return static_cast<float>(scale * kLog2E);
}

void before_attention(const PackedModel& model, std::size_t layer, const LayerRows& rows, std::size_t n,
                      const float* cosine, const float* sine) {
    const Kernels& k = kernel_table();
    const Widths w(model.config());
    const std::size_t head_width = 2 * w.half_head;
    const bool modern = is_modern(model);
    if (modern) {
        k.rms_norm(rows.in, w.width, n, w.width, rows.normal1, w.width, rows.inverse1);
    }
    const float* projected_from = modern ? rows.normal1 : rows.in;  // [n, C]
    multiply(model.layer(layer).qkv, projected_from, w.width, n, ChainStart::zero, nullptr, rows.qkv,
             w.projected);
    float* keys = rows.qkv + w.attended;
    k.rotate(rows.qkv, w.projected, n, w.heads, head_width, cosine, sine, modern,
             query_factor(model.config()), rows.q_inverse);
    k.rotate(keys, w.projected, n, w.kv_heads, head_width, cosine, sine, modern, 1.0F, rows.k_inverse);
    if (model.config().cache == CachePrecision::bf16) {
        for (std::size_t row = 0; row < n; ++row) {  // keys and values, side by side
            k.round_bf16(keys + row * w.projected, 2 * w.keys, keys + row * w.projected);
        }
    }
}

void after_attention(const PackedModel& model, std::size_t layer, const LayerRows& rows, std::size_t n) {
    const Kernels& k = kernel_table();
    const Widths w(model.config());
    const PackedLayer& packed = model.layer(layer);
    const LayerTensors& tensors = model.model().layout.layers[layer];
    const auto view = [&](const Tensor& tensor) { return model.model().view(tensor).data(); };
    const std::size_t floats = n * w.width;
    if (is_modern(model)) {
        copy_rows(rows.in, floats, rows.middle);  // middle = in + attended Wo
        multiply(packed.attention_out, rows.attended, w.attended, n, ChainStart::accumulate, nullptr,
                 rows.middle, w.width);
        k.rms_norm(rows.middle, w.width, n, w.width, rows.normal2, w.width, rows.inverse2);
        multiply(packed.up, rows.normal2, w.width, n, ChainStart::zero, nullptr, rows.up, w.hidden);
        k.squared_relu(rows.up, n * w.hidden, rows.hidden);
        copy_rows(rows.middle, floats, rows.out);  // out = middle + hidden Wdown
        multiply(packed.down, rows.hidden, w.hidden, n, ChainStart::accumulate, nullptr, rows.out, w.width);
        return;
    }
    copy_rows(rows.in, floats, rows.middle);  // middle = layer_norm(in + attended Wo)
    multiply(packed.attention_out, rows.attended, w.attended, n, ChainStart::accumulate, nullptr, rows.middle,
             w.width);
    k.layer_norm(rows.middle, w.width, n, w.width, view(tensors.attention_gain), view(tensors.attention_bias),
                 rows.normal1, w.width, rows.middle, w.width, rows.inverse1);
    multiply(packed.up, rows.middle, w.width, n, ChainStart::bias, view(tensors.up_bias), rows.up, w.hidden);
    k.gelu(rows.up, n * w.hidden, rows.hidden);
    // out = layer_norm((hidden Wdown + bias) + middle); normal2 holds the MLP's result until the norm
    // overwrites it.
    multiply(packed.down, rows.hidden, w.hidden, n, ChainStart::bias, view(tensors.down_bias), rows.normal2,
             w.width);
    k.add(rows.middle, floats, rows.normal2);
    k.layer_norm(rows.normal2, w.width, n, w.width, view(tensors.mlp_gain), view(tensors.mlp_bias),
                 rows.normal2, w.width, rows.out, w.width, rows.inverse2);
}

void logit_rows(const PackedModel& model, const float* x, std::size_t n, float* normal, float* inverse,
                float* logits) {
    const Kernels& k = kernel_table();
    const Widths w(model.config());
    if (is_modern(model)) {
        k.rms_norm(x, w.width, n, w.width, normal, w.width, inverse);
        multiply(model.output(), normal, w.width, n, ChainStart::zero, nullptr, logits, w.alphabet);
    } else {
        multiply(model.output(), x, w.width, n, ChainStart::bias,
                 model.model().view(model.model().layout.output_bias).data(), logits, w.alphabet);
    }
}

}  // namespace bitlaw::model
