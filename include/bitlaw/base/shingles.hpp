#pragma once
/// \file Windows of bytes sampled by their hash, so that equal content is found wherever it lies.

#include <array>
#include <cstdint>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw {

/// Bytes of a window.
inline constexpr std::size_t kShingleBytes = 64;

namespace shingles {

// Polynomial hash of the last kShingleBytes bytes modulo 2^64, whose upper bits depend on all of them.
inline constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;  // odd: 2^64 over the golden ratio

struct LeavingTerms {
    std::array<std::uint64_t, 256> of{};
    constexpr LeavingTerms() {
        std::uint64_t power = 1;
        for (std::size_t i = 0; i < kShingleBytes; ++i) {
            power *= kFactor;
        }
        for (std::uint64_t byte = 0; byte < of.size(); ++byte) {
            of[byte] = (byte + 1) * power;
        }
    }
};
inline constexpr LeavingTerms kLeaving;

inline std::size_t changes(ByteSpan window) {
    std::size_t count = 0;
    for (std::size_t i = 1; i < window.size(); ++i) {
        count += window[i] != window[i - 1] ? 1 : 0;
    }
    return count;
}

}  // namespace shingles

/// Bytes of a window that differ from the one before, at least: silence with a click in it is in any
/// recording and says nothing of where it comes from.
inline constexpr std::size_t kFewestChanges = 16;

/// Calls take(hash) for the windows in `bytes` whose hash is at most `most` (Manber 1994) and whose bytes
/// change often enough. Class A.
template <class Take>
void for_shingles(ByteSpan bytes, std::uint64_t most, const Take& take) {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        hash = hash * shingles::kFactor + bytes[i] + 1;
        if (i >= kShingleBytes) {
            hash -= shingles::kLeaving.of[bytes[i - kShingleBytes]];
        }
        if (i + 1 >= kShingleBytes && hash <= most) {
            const ByteSpan window = bytes.subspan(i + 1 - kShingleBytes, kShingleBytes);
            if (shingles::changes(window) >= kFewestChanges) {
                take(hash);
            }
        }
    }
}

}  // namespace bitlaw
