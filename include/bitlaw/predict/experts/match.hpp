#pragma once
/// \file Expert: the longest and most recent place where the last bytes stood before, and what followed
/// there.

#include <cstdint>
#include <vector>

#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// The place where each hash of the last `least` bytes was last seen; shared by all streams.
class MatchTable {
   public:
    MatchTable(std::size_t entries, unsigned least);
    [[nodiscard]] unsigned least() const { return least_; }
    /// The place after the last time these bytes stood, or 0.
    [[nodiscard]] std::uint32_t& entry(std::uint64_t hash) { return places_[hash >> shift_]; }

    [[nodiscard]] std::size_t bytes() const { return places_.size() * sizeof(std::uint32_t); }

   private:
    std::vector<std::uint32_t> places_;
    unsigned least_;
    unsigned shift_;
};

/// One stream's match.
class Match {
   public:
    void restart() { *this = {}; }
    /// After a byte: goes on with the match, or looks for one that is verified byte by byte.
    void next(const Past& past, MatchTable& table);
    /// The byte that the match expects; only while length() > 0.
    [[nodiscard]] std::uint8_t expected() const { return expected_; }
    /// Bytes that agree before the expected one, at most kMaxMatch; 0 without a match.
    [[nodiscard]] std::uint32_t length() const { return length_; }

   private:
    std::uint32_t place_ = 0;
    std::uint32_t length_ = 0;
    std::uint8_t expected_ = 0;
};

inline constexpr std::uint32_t kMaxMatch = 65535;

}  // namespace bitlaw::predict
