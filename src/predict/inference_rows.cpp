#include "bitlaw/predict/inference_rows.hpp"

#include <algorithm>

namespace bitlaw::predict {

using namespace model;

namespace {

/// Calls body(first row, rows) for tiles of at most kTileRows.
template <class Body>
void for_tiles(std::size_t n, Body body) {
    for (std::size_t first = 0; first < n; first += kTileRows) {
        body(first, std::min(kTileRows, n - first));
    }
}

}  // namespace

InferenceRows::InferenceRows(const ModelConfig& config, std::size_t most) : widths_(config) {
    const std::size_t tile_rows = std::min(kTileRows, most);
    x_.resize(most * widths_.width);
    qkv_.resize(most * widths_.projected);
    attended_.resize(most * widths_.attended);
    logits_.resize(most * widths_.alphabet);
    cosine_.resize(most * widths_.half_head);
    sine_.resize(most * widths_.half_head);
    normal_.resize(tile_rows * widths_.width);
    hidden_.resize(tile_rows * widths_.hidden);
    inverse_.resize(tile_rows);
    q_inverse_.resize(tile_rows * widths_.heads);
    k_inverse_.resize(tile_rows * widths_.kv_heads);
}

LayerRows InferenceRows::tile(std::size_t first) {
    float* x = x_.data() + first * widths_.width;
    return {.in = x,
            .normal1 = normal_.data(),
            .inverse1 = inverse_.data(),
            .qkv = qkv_.data() + first * widths_.projected,
            .q_inverse = q_inverse_.data(),
            .k_inverse = k_inverse_.data(),
            .attended = attended_.data() + first * widths_.attended,
            .middle = x,
            .normal2 = normal_.data(),
            .inverse2 = inverse_.data(),
            .up = hidden_.data(),
            .hidden = hidden_.data(),
            .out = x};
}

void InferenceRows::before(const PackedModel& model, std::size_t layer, std::size_t n) {
    for_tiles(n, [&](std::size_t first, std::size_t rows) {
        before_attention(model, layer, tile(first), rows, cosine_.data() + first * widths_.half_head,
                         sine_.data() + first * widths_.half_head);
    });
}

void InferenceRows::after(const PackedModel& model, std::size_t layer, std::size_t n) {
    for_tiles(n,
              [&](std::size_t first, std::size_t rows) { after_attention(model, layer, tile(first), rows); });
}

void InferenceRows::finish(const PackedModel& model, std::size_t n) {
    for_tiles(n, [&](std::size_t first, std::size_t rows) {
        logit_rows(model, x_.data() + first * widths_.width, rows, normal_.data(), inverse_.data(),
                   logits_.data() + first * widths_.alphabet);
    });
}

}  // namespace bitlaw::predict
