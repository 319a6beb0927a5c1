#pragma once
/// \file The order in which a corpus is read: random, without repeats within an epoch, from a state of two
/// words.

#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/train/corpus.hpp"

namespace bitlaw {

/// A bijection of 0 .. count-1, chosen by `key`: where `index` < count is sent. A balanced Feistel network
/// over the next even number of bits, walked along its cycle until it lands below count (Black and Rogaway
/// 2002, "Ciphers with arbitrary finite domains", method 2), so no table is stored. Class A.
[[nodiscard]] std::uint64_t permuted(std::uint64_t index, std::uint64_t count, std::uint64_t key);

/// How far a corpus has been read.
struct CorpusPosition {
    std::uint64_t epoch = 0;
    std::uint64_t index = 0;  ///< sequences taken in this epoch
    bool operator==(const CorpusPosition&) const = default;
};

/// Draws sequences of T bytes. In an epoch every range is cut into whole sequences from a random phase of 0
/// .. T-1 bytes (at most what leaves room for one sequence), and the sequences of all ranges are visited in
/// one permuted order, so every byte is seen about once. A pure function of (seed, sizes, T, position): class
/// A. Keeps a reference to the corpus.
class Sampler {
   public:
    /// Every range must hold at least `positions` bytes (Corpus::require_length).
    Sampler(const Corpus& corpus, std::size_t positions, std::uint64_t seed);

    /// Writes the next sequence: [T].
    void next(std::span<Symbol> sequence);

    [[nodiscard]] CorpusPosition position() const { return position_; }
    /// Continues from a saved position; throws Error when the epoch has fewer sequences.
    void seek(CorpusPosition position);
    /// Sequences in the current epoch.
    [[nodiscard]] std::uint64_t epoch_sequences() const { return first_.back(); }

   private:
    void enter_epoch(std::uint64_t epoch);

    const Corpus* corpus_;
    std::size_t positions_;
    std::uint64_t seed_;
    CorpusPosition position_;
    std::uint64_t order_key_ = 0;
    std::vector<std::uint64_t> phase_;  ///< [ranges]
    std::vector<std::uint64_t> first_;  ///< [ranges + 1]: number of a range's first sequence
};

}  // namespace bitlaw
