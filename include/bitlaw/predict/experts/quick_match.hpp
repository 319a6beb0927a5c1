#pragma once
/// \file Expert: what followed the last bytes when they stood there before. The light set's match, which
/// looks for another place only when it has none. Class A.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

/// One stream's match.
struct QuickMatch {
    std::uint32_t place = 0;      ///< of the expected byte
    std::uint32_t length = 0;     ///< bytes that agree before it; 0: no match
    std::uint32_t candidate = 0;  ///< a place that may be one, if there is no match
    std::uint8_t expected = 0;
};

/// What it says of a bit.
struct MatchOpinion {
    std::uint32_t state;  ///< 2 (class of the length) + expected bit; 0: nothing
    std::int32_t odds;    ///< log odds of a one
    std::int32_t lean;    ///< the probability of a one less 1/2, in units of 2^-10
};

/// Where bytes stood last, by the hash of the last kShortest of them; shared by all streams.
class QuickMatches {
   public:
    static constexpr unsigned kShortest = 6;
    /// States of MatchOpinion: classes 1 .. 31.
    static constexpr std::uint32_t kStates = 64;

    /// `entries`: a power of two, at least 2.
    explicit QuickMatches(std::size_t entries);

    /// What accept() needs is on its way, if these will be the last bytes.
    void prefetch(std::uint64_t last) const { __builtin_prefetch(&places_[slot(last)], 1); }
    /// After each byte of a stream: the match goes on or ends, and this place is noted.
    void accept(QuickMatch& match, const Past& past);
    /// Before the next byte: a candidate that agrees becomes the match.
    void begin(QuickMatch& match, const Past& past) const;

    /// Of the bit after `node`; nothing where there is no match or the byte has left it.
    [[nodiscard]] MatchOpinion opinion(const QuickMatch& match, std::uint32_t node) {
        const auto left = static_cast<unsigned>(9 - std::bit_width(node));
        if (match.length == 0 || (match.expected | 256U) >> left != node) {
            used_ = 0;
            return {0, 0, 0};
        }
        used_ = class_of(match.length) * 2 + (match.expected >> (left - 1) & 1U);
        const Counted p = maps_[used_] >> 10;
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

    /// 1 .. 15 as they are, then two classes for each doubling.
    [[nodiscard]] static std::uint32_t class_of(std::uint32_t length) {
        if (length < 16) {
            return length;
        }
        const auto width = static_cast<std::uint32_t>(std::bit_width(length));
        return std::min(16 + (width - 5) * 2 + (length >> (width - 2) & 1), kStates / 2 - 1);
    }
    [[nodiscard]] std::size_t slot(std::uint64_t last) const {
        return ((last << (64 - 8 * kShortest)) * 0x9E3779B97F4A7C15) >> shift_;
    }
    // Of a probability of 22 bits; within 2^-8 of 0 and 1 it needs more than the table of 12 bits.
    [[nodiscard]] std::int32_t odds(std::uint32_t p) const {
        constexpr std::uint32_t kWhole = 1U << 22;
        constexpr std::uint32_t kTail = kWhole >> 8;
        return p - kTail < kWhole - 2 * kTail ? odds_.odds[p >> 10]
                                              : odds_of_ratio(2 * p + 1, 2 * (kWhole - p) - 1);
    }

    const OddsTables& odds_;
    const CountedSteps& steps_;
    std::vector<std::uint32_t> places_;
    unsigned shift_;
    std::array<Counted, kStates> maps_;
    std::uint32_t used_ = 0;
};

}  // namespace bitlaw::predict
