#pragma once
/// \file What weights are worth on held-out bytes while they are trained.

#include <cstdint>
#include <vector>

#include "bitlaw/learn/learner.hpp"
#include "bitlaw/model/weight_format.hpp"
#include "bitlaw/symbols/symbol.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/ranks.hpp"
#include "bitlaw/train/resolved_run.hpp"

namespace bitlaw::train {

/// The run's first sequences of the held-out data; none where the run has no validation. Keeps a reference to
/// the run.
class Validation {
   public:
    Validation(const ResolvedRun& run, const Corpus& held_out);
    [[nodiscard]] bool empty() const { return symbols_.empty(); }
    /// Of the weights as they are stored in that format, each rank measuring its share. Not empty.
    [[nodiscard]] double bits_per_byte(learn::Learner& learner, model::WeightFormatId format,
                                       Ranks& ranks) const;

   private:
    const ResolvedRun& run_;
    std::vector<symbols::Symbol> symbols_;  // [validation_sequences, T]
    std::uint64_t bytes_ = 0;
};

}  // namespace bitlaw::train
