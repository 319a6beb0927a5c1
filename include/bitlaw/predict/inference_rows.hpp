#pragma once
/// \file Working memory of an inference pass over some rows, with nothing kept for a backward pass.

#include <cstddef>
#include <cstdint>

#include "bitlaw/model/packed_model.hpp"
#include "bitlaw/model/rotary.hpp"
#include "bitlaw/model/rows.hpp"

namespace bitlaw::predict {

/// Owns the values of up to `most` rows. The residual stream is updated in place; what positions do not read
/// of each other runs in tiles of model::kTileRows.
class InferenceRows {
   public:
    InferenceRows(const model::PackedModel& model, std::size_t most);

    /// The stream that enters the network [most, C], to be filled.
    [[nodiscard]] float* x() { return memory_.stream(0); }
    [[nodiscard]] const float* logits() const { return logits_.data(); }  ///< [most, V]
    /// Rows 0 .. n-1 stand at successive positions, or all at one.
    void stand_from(std::uint64_t first, std::size_t n);
    void stand_at(std::uint64_t position, std::size_t n);

    /// n rows from x to logits. mix(spec, rows, index) does what block number `index` of those that mix
    /// positions does between them; its rows are all n.
    template <class Mix>
    void run(std::size_t n, const Mix& mix) {
        std::size_t index = 0;
        for (std::size_t block = enter(n); block < model_->blocks(); block = leave(block, n)) {
            mix(model_->block_spec(block), memory_.rows(block, tile(0, n)), index);
            ++index;
        }
    }

   private:
    [[nodiscard]] model::RowTile tile(std::size_t first, std::size_t rows);
    std::size_t enter(std::size_t n);
    std::size_t leave(std::size_t block, std::size_t n);
    template <class Body>
    std::size_t for_tiles(std::size_t n, const Body& body);

    const model::PackedModel* model_;
    model::RotaryAngles angles_;
    model::RowMemory memory_;
    std::size_t width_;     // C
    std::size_t alphabet_;  // V
    Floats cosine_, sine_;  // [most, D/2]
    Floats logits_;         // [most, V]
    Floats scratch_;        // of one tile
    Floats normal_;         // [kTileRows, C] of the head
    Floats inverse_;        // [kTileRows]
};

}  // namespace bitlaw::predict
