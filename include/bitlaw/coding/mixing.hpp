#pragma once
/// \file The coder for blocks that the model makes larger than this does: adaptive bit predictions from a few
/// short contexts, mixed. Whole numbers only, no model file. Exactness class A.
///
/// After Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression" (2005) and his lpaq1:
/// each context gives a probability, ln(p / (1 - p)) of all are added with learned weights, and the sum is
/// made a probability again.

#include <functional>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::coding {

/// Pieces that a block of `bytes` is cut into, each coded by itself: clamp(bytes / 2^21, 1, 8).
[[nodiscard]] std::size_t mixed_streams(std::size_t bytes);

/// Called with (plain bytes, bytes of code) done since the last time, every 64 KiB; may throw. False ends the
/// work, whose result is then of no use.
using MixedProgress = std::function<bool(std::size_t, std::size_t)>;

/// The code of one piece, which takes at most 29 MB of memory.
[[nodiscard]] Bytes encode_mixed(ByteSpan plain, const MixedProgress& progress = {});

/// Fills `plain` from its code. Any code gives some bytes: whether they are right the block's hash tells.
void decode_mixed(ByteSpan code, std::span<std::uint8_t> plain, const MixedProgress& progress = {});

}  // namespace bitlaw::coding
