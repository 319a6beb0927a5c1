#pragma once
/// \file Rows (tokens) on their way through the blocks: where their values lie, norms and sums around the
/// blocks. Exactness class A.
///
/// All drivers run the same steps over some rows at a time,
///
///     embed, then enter_rows -> mixing -> leave_rows -> mixing -> leave_rows ... -> head
///
/// and differ only in where a mixing block finds the other positions. The functions are serial.

#include <array>
#include <cstddef>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/model/block.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::model {

/// Rows that one task of a parallel loop takes: their widest activation (F = 1024 floats) then fills a
/// quarter of a 1 MB L2 cache, and a panel of weights is read from L1 for 64 rows before the next one.
inline constexpr std::size_t kTileRows = 64;

/// Up to kTileRows rows, and what they have of their own.
struct RowTile {
    std::size_t first = 0;          ///< row in the memory of all
    std::size_t rows = 0;           ///< n
    const float* cosine = nullptr;  ///< [n, D/2] rotary angles
    const float* sine = nullptr;    ///< [n, D/2]
    float* scratch = nullptr;       ///< RowMemory::scratch() floats
};

/// Whether the rows' values are kept for a backward pass.
enum class Keep { nothing, activations };

/// Memory of the values of rows in all blocks.
class RowMemory {
   public:
    RowMemory(const PackedModel& model, Keep keep);

    /// Makes room for that many rows; what was kept is lost when it grows.
    void reserve(std::size_t rows);
    /// Floats of scratch memory that a tile needs.
    [[nodiscard]] std::size_t scratch() const { return scratch_; }

    /// The residual stream that enters a block [rows, C]; of block blocks(): that leaves the last one.
    [[nodiscard]] float* stream(std::size_t block) { return memory_[streams_[block]].data(); }
    /// What a block's functions are called with.
    [[nodiscard]] BlockRows rows(std::size_t block, const RowTile& tile) {
        const bool prepared = tile.first == 0 && tile.scratch == prepared_ && prepared_ != nullptr;
        return prepared ? blocks_[block].prepared : found_rows(block, tile);
    }
    /// Stores what rows() returns for a tile that begins with row 0, for all later calls with the same
    /// scratch memory and angles: for one token, finding it takes 1 % of the network's time. After reserve().
    void prepare(const RowTile& tile);
    /// Of a block's norm: rows before any gain [n, C], and 1 / root [n].
    [[nodiscard]] float* normal(std::size_t block, const RowTile& tile) {
        return at(blocks_[block].normal, tile);
    }
    [[nodiscard]] float* inverse(std::size_t block, const RowTile& tile) {
        return at(blocks_[block].inverse, tile);
    }
    /// The same rows times the gain of a norm before the block [n, C].
    [[nodiscard]] float* gained(std::size_t block, const RowTile& tile) {
        return at(blocks_[block].gained, tile);
    }

   private:
    /// Rows of one width: in memory that all rows have, or in a tile's scratch memory.
    struct Array {
        std::size_t width = 0;
        bool is_scratch = false;
        std::size_t place = 0;   // number in memory_, or first float in the scratch memory
        float* begin = nullptr;  // of the first row in memory_, by reserve()
    };
    struct BlockArrays {
        Norm norm;
        Array normal;
        Array inverse;
        Array gained;
        std::vector<Array> values;
        BlockRows prepared{};
    };
    [[nodiscard]] BlockRows found_rows(std::size_t block, const RowTile& tile);
    void add_block(const BlockSpec& block, Keep keep);
    [[nodiscard]] std::size_t new_memory(std::size_t width);
    [[nodiscard]] static float* at(const Array& array, const RowTile& tile) {
        if (array.is_scratch) {
            return tile.scratch == nullptr ? nullptr : tile.scratch + array.place;
        }
        return array.begin + tile.first * array.width;  // null without a width
    }

    std::size_t width_;  // C
    std::size_t scratch_ = 0;
    const float* prepared_ = nullptr;  // scratch memory of the prepared tile
    std::vector<BlockArrays> blocks_;
    std::vector<std::size_t> streams_;  // [blocks + 1] numbers in memory_
    std::vector<Floats> memory_;        // [rows, width] each
    std::vector<std::size_t> widths_;   // of memory_
};

/// Runs rows through the blocks from `block` on, as far as one whose values positions read of each other:
/// returns that one, begun, or blocks().
std::size_t enter_rows(const PackedModel& model, RowMemory& memory, std::size_t block, const RowTile& tile);
/// The same from behind the mixing of `block` on.
std::size_t leave_rows(const PackedModel& model, RowMemory& memory, std::size_t block, const RowTile& tile);
/// What they return.
[[nodiscard]] std::size_t next_mixing(const PackedModel& model, std::size_t block);

}  // namespace bitlaw::model
