#pragma once
/// \file What a match says of a bit, as it has been right so far with matches of about its length. Class A.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

/// Lengths are counted up to this, and fall into this many classes.
inline constexpr std::uint32_t kMaxMatch = 65535;
inline constexpr std::uint32_t kMatchClasses = 32;
/// States of MatchOpinion.
inline constexpr std::uint32_t kMatchStates = 2 * kMatchClasses;

/// The class of a length, ascending: 0 .. 15 as they are, then two classes for each doubling.
[[nodiscard]] inline std::uint32_t match_class(std::uint32_t length) {
    if (length < 16) {
        return length;
    }
    const auto width = static_cast<std::uint32_t>(std::bit_width(length));
    return std::min(16 + (width - 5) * 2 + (length >> (width - 2) & 1), kMatchClasses - 1);
}

struct MatchOpinion {
    std::uint32_t state;  ///< 2 (class of the length) + expected bit; 0: nothing
    std::int32_t odds;    ///< log odds of a one
    std::int32_t lean;    ///< the probability of a one less 1/2, in units of 2^-10
};

/// Probabilities by class and expected bit. Inline, since they are asked for every bit.
class MatchOpinions {
   public:
    MatchOpinions() {
        for (std::uint32_t state = 0; state < kMatchStates; ++state) {
            const std::uint32_t miss = 65535 / (state / 2 + 2);
            maps_[state] = counted(state % 2 != 0 ? 65535 - miss : miss);
        }
    }

    /// Of the bit after `node`, by a match of this length; nothing where the length is 0 or the byte has left
    /// the expected one.
    [[nodiscard]] MatchOpinion opinion(std::uint32_t length, std::uint8_t expected, std::uint32_t node) {
        const auto left = static_cast<unsigned>(9 - std::bit_width(node));
        if (length == 0 || (expected | 256U) >> left != node) {
            used_ = 0;
            return {0, 0, 0};
        }
        used_ = match_class(length) * 2 + (expected >> (left - 1) & 1U);
        const std::uint32_t p = maps_[used_] >> 10;
        return {used_, odds(p), (static_cast<std::int32_t>(p >> 10) - 2048) >> 2};
    }
    /// The bit that came after the last opinion().
    void accept_bit(int bit) {
        if (used_ != 0) {
            learn(maps_[used_], bit, kLimit, steps_);
        }
    }

   private:
    static constexpr std::uint32_t kLimit = 1023;

    // Of a probability of 22 bits; within 2^-8 of 0 and 1 it needs more than the table of 12 bits.
    [[nodiscard]] std::int32_t odds(std::uint32_t p) const {
        constexpr std::uint32_t kWhole = 1U << 22;
        constexpr std::uint32_t kTail = kWhole >> 8;
        return p - kTail < kWhole - 2 * kTail ? odds_.odds[p >> 10]
                                              : odds_of_ratio(2 * p + 1, 2 * (kWhole - p) - 1);
    }

    const OddsTables& odds_ = odds_tables();
    const CountedSteps& steps_ = counted_steps();
    std::array<Counted, kMatchStates> maps_{};
    std::uint32_t used_ = 0;
};

}  // namespace bitlaw::predict
