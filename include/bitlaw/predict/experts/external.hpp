#pragma once
/// \file Expert: a distribution over the next byte that comes from outside, such as a network's, seen bit by
/// bit.

#include <array>
#include <cstdint>
#include <span>

#include "bitlaw/predict/mixer.hpp"

namespace bitlaw::predict {

/// One byte's distribution as eight exact binary decisions: a node of the byte's binary tree (its bits so far
/// with a one in front) knows how much of the total lies below it. No division: the log odds of a bit are a
/// difference of logarithms of two sums.
class External {
   public:
    static constexpr std::size_t kInputs = 2;

    /// frequencies [256], each at least 1, with a total below 2^40; or empty: no opinion.
    void set(std::span<const std::uint32_t> frequencies);
    /// Of the bit after `node` (1 .. 255): its log odds, and the probability of a one less 1/2, in units of
    /// 2^-10; 0 without a distribution.
    struct Opinion {
        std::int32_t odds;
        std::int32_t lean;
    };
    [[nodiscard]] Opinion opinion(std::uint32_t node);
    /// Sets inputs first and first + 1 for the bit after `node` (1 .. 255): its log odds, and the probability
    /// of a one less 1/2, which says more where the odds are near even.
    void predict(std::uint32_t node, Mixer& mixer, std::size_t first);
    /// The log odds of the last predict() in 32 classes of half a bit.
    [[nodiscard]] std::uint32_t odds_class() const;
    /// How uncertain the distribution is: floor(2 log2(total / largest frequency)), at most 7.
    [[nodiscard]] std::uint32_t doubt() const { return doubt_; }

    /// The likeliest byte and the next after it, as 256 likeliest + next; 0 without a distribution.
    [[nodiscard]] std::uint32_t expected() const { return expected_; }

   private:
    std::array<std::uint64_t, 512> sums_{};  // [node] below the node; leaves at 256 + byte
    std::int32_t odds_ = 0;
    std::uint32_t doubt_ = 0;
    std::uint32_t expected_ = 0;
};

}  // namespace bitlaw::predict
