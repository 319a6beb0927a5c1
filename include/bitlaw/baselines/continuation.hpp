#pragma once
/// \file Text that a compressor writes: what it would code in the fewest bytes is the likeliest to come next
/// (Deletang et al. 2023, section 3.4).

#include <cstdint>
#include <functional>

#include "bitlaw/baselines/compressor.hpp"

namespace bitlaw::baselines {

/// Bytes of a text that a compressor sees: those before were forgotten.
inline constexpr std::size_t kContinuedBytes = 4096;

struct ContinuationOptions {
    /// K, bytes that are drawn at once. Lengths are whole bytes, so that of single bytes (K = 1) nearly all
    /// are equally likely; a difference over K bytes says 1/K as much of each.
    std::size_t look_ahead = 4;
    double temperature = 1;  ///< t; 0: always the shortest, of equal ones the first in the order of bytes
    std::uint64_t seed = 1;
};

/// Draws K bytes w behind the text x, again and again, with p(w | x) ~ 2^(-8 (|C(x w)| - min) / t), |C| being
/// the compressor's bytes, and calls write(w) until there are `bytes`. With K = 1, w is any byte; otherwise
/// any K bytes that x has somewhere, or any byte if x has fewer. Class A, as long as the compressor's lengths
/// are. `watch` is called between two draws and may throw.
void draw_continuation(const Compressor& compressor, ByteSpan prompt, std::uint64_t bytes,
                       const ContinuationOptions& options, const std::function<void(ByteSpan)>& write,
                       const std::function<void()>& watch);

}  // namespace bitlaw::baselines
