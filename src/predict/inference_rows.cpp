#include "bitlaw/predict/inference_rows.hpp"

#include <algorithm>

#include "bitlaw/model/head.hpp"

namespace bitlaw::predict {

using namespace model;

InferenceRows::InferenceRows(const PackedModel& model, std::size_t most)
    : model_(&model),
      angles_(model.spec().rotary),
      memory_(model, Keep::nothing),
      width_(model.spec().head.width),
      alphabet_(model.spec().head.alphabet),
      cosine_(most * angles_.pairs()),
      sine_(most * angles_.pairs()),
      logits_(most * alphabet_),
      scratch_(memory_.scratch()),
      normal_(std::min(kTileRows, most) * width_),
      inverse_(std::min(kTileRows, most)) {
    memory_.reserve(most);
    memory_.prepare(tile(0, std::min(kTileRows, most)));
}

RowTile InferenceRows::tile(std::size_t first, std::size_t rows) {
    const std::size_t pairs = angles_.pairs();
    return {.first = first,
            .rows = rows,
            .cosine = cosine_.data() + first * pairs,
            .sine = sine_.data() + first * pairs,
            .scratch = scratch_.data()};
}

void InferenceRows::stand_from(std::uint64_t first, std::size_t n) {
    const std::size_t pairs = angles_.pairs();
    for (std::size_t row = 0; row < n; ++row) {
        angles_.fill(first + row, cosine_.data() + row * pairs, sine_.data() + row * pairs);
    }
}

void InferenceRows::stand_at(std::uint64_t position, std::size_t n) {
    const std::size_t pairs = angles_.pairs();
    angles_.fill(position, cosine_.data(), sine_.data());
    for (std::size_t row = 1; row < n; ++row) {
        std::copy_n(cosine_.data(), pairs, cosine_.data() + row * pairs);
        std::copy_n(sine_.data(), pairs, sine_.data() + row * pairs);
    }
}

/// Calls body(tile) for tiles of at most kTileRows, each followed by the head if it has passed all blocks.
template <class Body>
std::size_t InferenceRows::for_tiles(std::size_t n, const Body& body) {
    std::size_t reached = 0;
    for (std::size_t first = 0; first < n; first += kTileRows) {
        const RowTile tile = this->tile(first, std::min(kTileRows, n - first));
        reached = body(tile);
        if (reached == model_->blocks()) {
            head_rows(*model_, memory_.stream(reached) + first * width_, tile.rows,
                      {normal_.data(), inverse_.data(), normal_.data()}, logits_.data() + first * alphabet_);
        }
    }
    return reached;
}

std::size_t InferenceRows::enter(std::size_t n) {
    return for_tiles(n, [&](const RowTile& tile) { return enter_rows(*model_, memory_, 0, tile); });
}

std::size_t InferenceRows::leave(std::size_t block, std::size_t n) {
    return for_tiles(n, [&](const RowTile& tile) { return leave_rows(*model_, memory_, block, tile); });
}

}  // namespace bitlaw::predict
