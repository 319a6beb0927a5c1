#pragma once
/// \file How much of the bytes to measure on is among the bytes to train on.

#include <cstdint>
#include <string>

#include "bitlaw/train/corpus.hpp"

namespace bitlaw::train {

/// What the beginning of a corpus shares with another.
struct Overlap {
    std::uint64_t bytes = 0;       ///< looked at
    std::uint64_t same_place = 0;  ///< of them, bytes at the same place of the same file, whatever its name
    double repeated = 0;  ///< share of their windows (below) that the other corpus has somewhere, 0 .. 1

    /// Below this, texts share no more than phrases: at most 0.5 % of the windows in halves of the same
    /// corpora (wiki8 and wiki-valid 0.15, gutenberg20M 0.05, enwik8's beginning 0.33, xml of Silesia 0.45).
    static constexpr double kLeastRepeated = 0.02;
    [[nodiscard]] bool is_any() const { return same_place > 0 || repeated >= kLeastRepeated; }
    /// Whether a rate of the bytes would say nothing of others.
    [[nodiscard]] bool is_most() const { return 2 * same_place > bytes || repeated > 0.5; }
};

/// Compares the first `most_bytes` of `held`, whole ranges in turn, with all of `trained`. Windows are the
/// stretches of 64 bytes whose rolling hash begins with zeros (Manber 1994), a 64th of all in long data and
/// more in short, each counted once, so that a run of equal bytes is one; fewer than 4 that are found count
/// as none. Takes about 5 ns a byte of `trained`, by all threads. Class A.
[[nodiscard]] Overlap overlap_of(const Corpus& trained, const Corpus& held, std::uint64_t most_bytes);

/// "50,000 of 100,000 validation bytes are training bytes too", or "about 97 % of the validation bytes stand
/// in the training data too"; "" when there is nothing to say. `what` names the bytes, `where` the others.
[[nodiscard]] std::string overlap_text(const Overlap& overlap, const std::string& what,
                                       const std::string& where);

}  // namespace bitlaw::train
