#pragma once
/// \file A compact sample of what data hold, by which pieces of them are recognised anywhere.

#include <cstdint>
#include <functional>
#include <span>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw {

/// A sample takes no more.
inline constexpr std::size_t kMostSampleBytes = 15'000;

/// The 7,000 distinct windows (base/shingles.hpp) of the data with the smallest hashes, of those whose hash
/// begins with 4 zeros: a bottom-k sketch (Broder 1997). `u64` greatest hash, then the 24 bits of each hash
/// below the greatest's zeros, ascending, each less the one before, as varints: docs/FORMAT.md. Empty for
/// data without such a window. Takes about 1 ns a byte, by all threads. Class A.
[[nodiscard]] Bytes content_sample(std::span<const ByteSpan> data);
/// The same with bounded memory for data of any size; `done` is told of each part that was read, and of which
/// of the data it is a part.
[[nodiscard]] Bytes content_sample(std::span<const ByteSpan> data,
                                   const std::function<void(std::size_t, ByteSpan)>& done);

/// How much of some bytes a sampled data set holds.
struct SeenShare {
    std::uint64_t bytes = 0;    ///< looked at
    std::uint64_t windows = 0;  ///< of them, those that the sample would have
    std::uint64_t found = 0;    ///< of those, that it has

    /// Fewer windows than this, or bytes than that, tell nothing.
    static constexpr std::uint64_t kFewestWindows = 4;
    static constexpr std::uint64_t kFewestBytes = 100'000;
    /// Fewer windows than that are phrases, and a smaller share what texts of a kind have in common.
    static constexpr double kLeastShare = 0.02;
    [[nodiscard]] bool is_too_short() const { return bytes < kFewestBytes || windows < kFewestWindows; }
    [[nodiscard]] double share() const {
        return windows == 0 ? 0.0 : static_cast<double>(found) / static_cast<double>(windows);
    }
    [[nodiscard]] bool is_seen() const {
        return !is_too_short() && found >= kFewestWindows && share() >= kLeastShare;
    }
};

/// Compares bytes with a sample that content_sample() has made. Throws Error for one that is damaged. Class
/// A.
[[nodiscard]] SeenShare seen_share(ByteSpan sample, ByteSpan bytes);

/// Throws Error for a sample that is none.
void require_sample(ByteSpan sample);

}  // namespace bitlaw
