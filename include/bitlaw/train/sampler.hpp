#pragma once
/// \file The order in which a corpus is read: random, without repeats within an epoch, from a state of two
/// words.

#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/symbols/symbol.hpp"
#include "bitlaw/train/corpus.hpp"

namespace bitlaw::train {

/// A bijection of 0 .. count-1, chosen by `key`: where `index` < count is sent. A balanced Feistel network
/// over the next even number of bits, walked along its cycle until it lands below count (Black and Rogaway
/// 2002, "Ciphers with arbitrary finite domains", method 2), so no table is stored. Class A.
[[nodiscard]] std::uint64_t permuted(std::uint64_t index, std::uint64_t count, std::uint64_t key);

/// How far a corpus has been read.
struct CorpusPosition {
    std::uint64_t epoch = 0;  ///< 0 when ranges have weights: each has epochs of its own
    std::uint64_t index = 0;  ///< sequences taken in this epoch
    bool operator==(const CorpusPosition&) const = default;
};

/// Draws sequences of T symbols from some ranges of a corpus. In an epoch every range is cut into whole
/// sequences from a random phase of 0 .. T-1 bytes (at most what leaves room for one sequence), and the
/// sequences of all ranges are visited in one permuted order, so every byte is seen about once. A pure
/// function of (seed, group, sizes, T, position): class A. Keeps a reference to the corpus.
class RangeSampler {
   public:
    /// Ranges first .. last-1, each of at least `positions` symbols; `group` makes samplers of one corpus
    /// independent.
    RangeSampler(const Corpus& corpus, std::size_t first, std::size_t last, std::size_t positions,
                 std::uint64_t seed, std::uint64_t group);

    /// Writes the next sequence: [T].
    void next(std::span<symbols::Symbol> sequence);
    /// Goes on as if `sequences` more had been drawn.
    void skip(std::uint64_t sequences);

    [[nodiscard]] CorpusPosition position() const { return position_; }
    /// Continues from a saved position; throws Error when the epoch has fewer sequences.
    void seek(CorpusPosition position);
    /// Sequences in the current epoch.
    [[nodiscard]] std::uint64_t epoch_sequences() const { return first_sequence_.back(); }

   private:
    void enter_epoch(std::uint64_t epoch);

    const Corpus* corpus_;
    std::size_t first_range_;
    std::size_t last_range_;
    std::size_t positions_;
    std::uint64_t seed_;
    std::uint64_t group_;
    CorpusPosition position_;
    std::uint64_t order_key_ = 0;
    std::vector<std::uint64_t> phase_;           ///< [ranges]
    std::vector<std::uint64_t> first_sequence_;  ///< [ranges + 1]: number of a range's first sequence
};

/// Draws the sequences of a training run. Without weights: one RangeSampler over all ranges. With weights:
/// after n sequences a range of weight w (sum 1) has been drawn n w times, to within its rounding: the next
/// one comes from the range that lacks most, the first of equals, and each range has a RangeSampler and
/// epochs of its own. Class A.
class Sampler {
   public:
    /// Every range must hold at least `positions` symbols (Corpus::require_length).
    Sampler(const Corpus& corpus, std::size_t positions, std::uint64_t seed);

    /// Writes the next sequence: [T].
    void next(std::span<symbols::Symbol> sequence);
    /// Goes on as if `sequences` more had been drawn.
    void skip(std::uint64_t sequences);

    [[nodiscard]] CorpusPosition position() const;
    /// Continues from a saved position; throws Error when the corpus has no such position.
    void seek(CorpusPosition position);
    /// Sequences in the current epoch; without weights.
    [[nodiscard]] std::uint64_t epoch_sequences() const { return samplers_.front().epoch_sequences(); }

   private:
    std::size_t choose();

    std::vector<double> weights_;       ///< [samplers], empty: none
    std::vector<std::uint64_t> drawn_;  ///< [samplers]
    std::uint64_t total_ = 0;           ///< sum of drawn
    std::vector<RangeSampler> samplers_;
};

}  // namespace bitlaw::train
