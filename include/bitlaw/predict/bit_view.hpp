#pragma once
/// \file A distribution over bytes as eight binary decisions: a table's network becomes an expert of a mixer
/// of bits. Whole numbers only. Exactness class A.
///
/// The bits of a byte, the most significant first, walk down a binary tree whose leaves are the symbols. A
/// node's weight is the sum of the frequencies below it, so that P(one) = weight of the right child / weight
/// of the node, exactly, and the product of the eight ratios of a byte's path is frequency / total, exactly.

#include <cstdint>
#include <span>

#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::predict {

/// P(one) = ones / total, 0 <= ones <= total <= 2^32. total is 0 where no symbol of the alphabet lies.
struct BitOdds {
    std::uint64_t ones;
    std::uint64_t total;
};

/// The nearest number of shares of 2^bits below the exact ratio, floor(ones 2^bits / total), held within
/// 1 .. 2^bits - 1; half of them where total is 0. 1 <= bits <= 31.
[[nodiscard]] std::uint32_t probability(const BitOdds& odds, unsigned bits);

/// log2(ones / (total - ones)) in units of 2^-14 (log_odds.hpp), rounded towards 0, off by less than 2 units,
/// within kMaxFineOdds; at that bound where one of the two is 0, and 0 where both are.
[[nodiscard]] std::int32_t fine_odds(const BitOdds& odds);

/// Walks down one prediction.
class BitView {
   public:
    /// frequency [V], V <= 256, each at most 2^24; symbols from V on have none. The span must outlive the
    /// walk.
    explicit BitView(std::span<const std::uint32_t> frequency);
    /// The next bit's exact odds. Needs !done().
    [[nodiscard]] const BitOdds& odds() const { return odds_; }
    /// The bit that came.
    void accept(bool bit);
    /// Eight bits came.
    [[nodiscard]] bool done() const { return half_ == 0; }
    /// The byte, when done().
    [[nodiscard]] symbols::Symbol symbol() const { return static_cast<symbols::Symbol>(first_); }

   private:
    void look();
    std::span<const std::uint32_t> frequency_;
    std::size_t first_ = 0;   // the first symbol below the node
    std::size_t half_ = 128;  // symbols below each of its children; 0 at a leaf
    BitOdds odds_;
};

}  // namespace bitlaw::predict
