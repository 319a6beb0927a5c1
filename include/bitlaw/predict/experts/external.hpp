#pragma once
/// \file Expert: a distribution over the next byte that comes from outside, such as a network's, seen bit by
/// bit.

#include <array>
#include <cstdint>
#include <span>

namespace bitlaw::predict {

/// One byte's distribution as eight exact binary decisions: a node of the byte's binary tree (its bits so far
/// with a one in front) knows how much of the total lies below it. No division: the log odds of a bit are a
/// difference of logarithms of two sums.
class External {
   public:
    /// frequencies [256], each at least 1, with a total below 2^40; or empty: no opinion.
    void set(std::span<const std::uint32_t> frequencies);
    [[nodiscard]] bool speaks() const { return sums_[1] != 0; }
    /// Log odds that the bit after `node` (1 .. 255) is a one, in units of 2^-8.
    [[nodiscard]] std::int32_t odds(std::uint32_t node) const;
    /// How uncertain the distribution is: floor(2 log2(total / largest frequency)), at most 7.
    [[nodiscard]] std::uint32_t doubt() const { return doubt_; }

   private:
    std::array<std::uint64_t, 512> sums_{};  // [node] below the node; leaves at 256 + byte
    std::uint32_t doubt_ = 0;
};

}  // namespace bitlaw::predict
