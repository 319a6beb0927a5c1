#pragma once
/// \file The sequences that a step of training reads.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bitlaw/learn/learner.hpp"
#include "bitlaw/symbols/symbol.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/sampler.hpp"

namespace bitlaw::train {

/// Draws the sequences of a step and counts their bytes. Keeps references to run and data.
class StepSequences {
   public:
    StepSequences(const ResolvedRun& run, const Corpus& training);

    void begin_step() { step_bytes_ = 0; }
    /// Draws the step's sequences begin .. end-1 leaf by leaf and adds their gradients.
    void add_to(learn::Learner& learner, std::size_t begin, std::size_t end);
    /// Passes over sequences that are other ranks', and counts their bytes.
    void pass(std::size_t sequences);

    /// Bytes of this step's sequences.
    [[nodiscard]] std::uint64_t step_bytes() const { return step_bytes_; }
    [[nodiscard]] CorpusPosition position() const { return sampler_.position(); }
    void seek(CorpusPosition position) { sampler_.seek(position); }

   private:
    const ResolvedRun& run_;
    const Corpus& training_;
    Sampler sampler_;
    std::vector<symbols::Symbol> symbols_;  // [at most leaf, T]
    std::size_t drawn_ = 0;                 // sequences since pages of large data were forgotten
    std::uint64_t step_bytes_ = 0;
};

/// Whole sequences of the training data that say what rows' steps are to each other when weights are rounded.
[[nodiscard]] std::vector<symbols::Symbol> rounding_sample(const ResolvedRun& run, const Corpus& training);

}  // namespace bitlaw::train
