#pragma once
/// \file What fixes every bit of context mixing, its bounds, and how archives hold it.

#include <cstddef>
#include <cstdint>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/predict/expert_set.hpp"

namespace bitlaw::predict {

/// What fixes every bit of a mixture, beside the network.
struct MixingOptions {
    ExpertSet set = ExpertSet::full;
    std::uint64_t experts = ~std::uint64_t{0};        ///< bit i: expert i of the set takes part
    std::uint64_t bytes = 0;                          ///< that the tables and the history are sized for
    std::uint64_t memory = std::uint64_t{192} << 20;  ///< bytes of hashed tables at most
    bool operator==(const MixingOptions&) const = default;
};

/// Bounds of what an archive may ask for: streams of a block, bytes of the history, bytes of tables.
inline constexpr std::size_t kMaxMixingStreams = 64;
inline constexpr std::uint64_t kMaxMixingBytes = std::uint64_t{1} << 27;
inline constexpr std::uint64_t kMinMixingMemory = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kMaxMixingMemory = std::uint64_t{1} << 30;

/// Throws UsageError naming what is out of range.
void validate(const MixingOptions& options);
/// The options but the set, whose number stands beside them: docs/FORMAT.md. Read validates and throws Error.
[[nodiscard]] Bytes encode_mixing(const MixingOptions& options);
[[nodiscard]] MixingOptions decode_mixing(std::uint64_t set, ByteSpan settings);

}  // namespace bitlaw::predict
