#pragma once
/// \file Expert: what followed the last bytes when they stood there before. The light set's match, which
/// looks for another place only when it has none. Class A.

#include <cstdint>
#include <vector>

#include "bitlaw/predict/experts/match_opinion.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// One stream's match.
struct QuickMatch {
    std::uint32_t place = 0;      ///< of the expected byte
    std::uint32_t length = 0;     ///< bytes that agree before it; 0: no match
    std::uint32_t candidate = 0;  ///< a place that may be one, if there is no match
    std::uint8_t expected = 0;
};

/// Where bytes stood last, by the hash of the last kShortest of them; shared by all streams.
class QuickMatches {
   public:
    static constexpr unsigned kShortest = 6;

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
        return opinions_.opinion(match.length, match.expected, node);
    }
    /// The bit that came after the last opinion().
    void accept_bit(int bit) { opinions_.accept_bit(bit); }

   private:
    [[nodiscard]] std::size_t slot(std::uint64_t last) const {
        return ((last << (64 - 8 * kShortest)) * 0x9E3779B97F4A7C15) >> shift_;
    }

    std::vector<std::uint32_t> places_;
    unsigned shift_;
    MatchOpinions opinions_;
};

}  // namespace bitlaw::predict
