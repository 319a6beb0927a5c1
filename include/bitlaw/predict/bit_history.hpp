#pragma once
/// \file What a context remembers of the bits that followed it, in one byte. Class A.
///
/// A state is the exact sequence for up to four bits, and beyond that a pair of counts (zeros, ones) with the
/// last bit. A new bit adds one to its count; of the other count all above a few is forgotten, since bits
/// that contradict a history make its older part less credible (the idea of nonstationary states is
/// Mahoney's, "Adaptive Weighing of Context Models for Lossless Data Compression", 2005; the states here
/// follow from the rule in bit_history.cpp).

#include <array>
#include <cstdint>

namespace bitlaw::predict {

/// The states' table: state 0 has seen nothing; then come those that saw one bit only, then those that saw
/// both. A state's number stands in no file.
struct BitHistories {
    BitHistories();
    /// Of a one after what the state has counted, before anything is learned: (ones + 1/2) / (seen + 1), in
    /// units of 1/65535.
    [[nodiscard]] std::uint32_t probability(std::size_t state) const {
        return (2U * ones[state] + 1) * 65535 / (2U * (zeros[state] + ones[state]) + 2);
    }
    std::array<std::array<std::uint8_t, 256>, 2> next;  ///< [bit, state]
    std::array<std::uint8_t, 256> zeros;                ///< zeros counted
    std::array<std::uint8_t, 256> ones;                 ///< ones counted
    std::array<std::uint8_t, 256> seen;  ///< zeros + ones, at most 255: how much a state is worth keeping
    std::size_t count;                   ///< states that can be reached, at most 256
    std::uint32_t single_end;            ///< the first state that saw both bits
};

[[nodiscard]] const BitHistories& bit_histories();

}  // namespace bitlaw::predict
