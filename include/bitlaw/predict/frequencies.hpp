#pragma once
/// \file Predictions as integer frequencies, and symbols coded with them. Exactness class A.
///
/// Loss of the rule frequency_j = 1 + floor(e_j (2^24 - 1)), e_j = exp(x_j - max x): 1 + floor(y) > y, so no
/// symbol gets less than its share of e (2^24 - 1), and the total is at most V more than the sum of those
/// shares, which is at least 2^24 - 1. So a symbol costs at most log2(1 + V / (2^24 - 1)) bits more than
/// -log2 of its probability: 2.2e-5 bits for V = 256, 0.0028 for 32,768 and 0.0112 for 131,072.

#include <cstdint>
#include <span>

#include "bitlaw/entropy/range_coder.hpp"
#include "bitlaw/model/config.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::predict {

/// The frequency of the likeliest symbol, and so the least total.
inline constexpr std::uint32_t kMaxFrequency = std::uint32_t{1} << 24;

/// Frequencies [V], each 1 .. kMaxFrequency, of one prediction's logits [V]. Throws Error when a logit is
/// not finite.
void frequencies_of(std::span<const float> logits, std::span<std::uint32_t> frequency);

/// The same of logits that may not be finite: then every frequency is 1.
void frequencies_of_any(std::span<const float> logits, std::span<std::uint32_t> frequency);

/// Where `symbol` < V lies in the table [V].
[[nodiscard]] entropy::Interval interval_of(std::span<const std::uint32_t> frequency, symbols::Symbol symbol);

/// The ideal code length -log2(frequency / total) of `symbol` in bits, from exact_log2.
[[nodiscard]] double symbol_bits(std::span<const std::uint32_t> frequency, symbols::Symbol symbol);

/// Writes `symbol` < V with the table [V].
void encode_symbol(entropy::RangeEncoder& coder, std::span<const std::uint32_t> frequency,
                   symbols::Symbol symbol);
/// Reads what encode_symbol wrote with the same table.
[[nodiscard]] symbols::Symbol decode_symbol(entropy::RangeDecoder& coder,
                                            std::span<const std::uint32_t> frequency);

}  // namespace bitlaw::predict
