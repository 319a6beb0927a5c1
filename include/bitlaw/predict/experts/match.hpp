#pragma once
/// \file Expert: the longest and most recent place where the last bytes stood before, and what followed
/// there. Class A.

#include <cstdint>
#include <vector>

#include "bitlaw/predict/experts/match_opinion.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"

namespace bitlaw::predict {

/// One stream's match.
class Match {
   public:
    /// Finds only what the stream of this number noted; a match of number 0, the default, what all such
    /// noted.
    void set_stream(std::size_t number) { own_ = number * 0xD6E8FEB86659FD93; }
    /// The byte that the match expects; only while length() > 0.
    [[nodiscard]] std::uint8_t expected() const { return expected_; }
    /// Bytes that agree before the expected one, at most kMaxMatch; 0 without a match.
    [[nodiscard]] std::uint32_t length() const { return length_; }
    /// expected() + 1, or 0 without a match.
    [[nodiscard]] std::uint32_t opinion() const { return length_ > 0 ? expected_ + 1U : 0U; }
    /// match_class() of the length; 0 without a match.
    [[nodiscard]] std::uint32_t length_class() const { return match_class(length_); }

   private:
    friend class MatchFinder;
    std::uint64_t own_ = 0;
    std::uint64_t slot_ = 0;   // where the last bytes are noted
    std::uint32_t place_ = 0;  // of the expected byte
    std::uint32_t length_ = 0;
    std::uint8_t expected_ = 0;
};

/// Where bytes stood last, by the hash of the last `min_length` of them; shared by all streams.
class MatchFinder {
   public:
    static constexpr std::size_t kInputs = 2;

    /// `entries` is rounded up to a power of two; 1 <= min_length <= 8.
    MatchFinder(std::size_t entries, unsigned min_length);
    /// After each byte of a stream: the match goes on or ends, and what look() needs is on its way.
    void accept(Match& match, const Past& past) const;
    /// Before the next byte: looks for a longer match, verified byte by byte, and notes this place.
    void look(Match& match, const Past& past);
    /// Sets inputs first and first + 1. Returns 2 (class of the length) + expected bit, or 0 where the match
    /// has no opinion or the byte has left it.
    std::uint32_t predict(const Match& match, std::uint32_t node, Mixer& mixer, std::size_t first);
    void accept_bit(int bit) { opinions_.accept_bit(bit); }

    [[nodiscard]] std::size_t bytes() const { return places_.size() * sizeof(std::uint32_t); }

   private:
    [[nodiscard]] std::uint64_t slot(const Match& match, std::uint64_t last) const {
        const std::uint64_t seen = last & (~std::uint64_t{0} >> (64 - 8 * min_length_));
        return ((seen + 1 + match.own_) * 0x9E3779B97F4A7C15) >> shift_;
    }

    std::vector<std::uint32_t> places_;
    unsigned min_length_;
    unsigned shift_;
    MatchOpinions opinions_;
};

}  // namespace bitlaw::predict
