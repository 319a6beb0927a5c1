#pragma once
/// \file Whether a model copies: what it pays for words that it has just read.

#include <optional>

#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::predict {

/// Bits per byte of random English words and of the same words repeated at once.
struct CopyScore {
    double new_bits_per_byte = 0;
    double repeated_bits_per_byte = 0;
    /// Near 0: the model does not copy; the further below, the better it does.
    [[nodiscard]] double value() const { return repeated_bits_per_byte - new_bits_per_byte; }
};

/// -log2 p of 4 texts of 6 groups, each from an empty context: 12 words drawn from a fixed list with a fixed
/// seed, a blank behind each, and the same 12 words again; summed over first and over second occurrences.
/// Nothing for a model whose alphabet lacks the letters. 4 KB of text in all, so less than a second for 10M
/// parameters. Class A.
[[nodiscard]] std::optional<CopyScore> copy_score(const model::PackedModel& model);

}  // namespace bitlaw::predict
