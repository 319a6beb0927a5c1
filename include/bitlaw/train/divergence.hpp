#pragma once
/// \file When a training run is given up: numbers that are not finite, or a loss that stays far above what no
/// model costs. Nothing here feeds back into a run that goes on.

#include <cstddef>
#include <cstdint>

#include "bitlaw/base/error.hpp"

namespace bitlaw::train {

/// Loss, gradient or validation were not finite, or the loss stayed far above that of no model.
class Diverged : public Error {
   public:
    using Error::Error;
};

/// Throws Diverged, with the step and what to try, unless the figure of step `step` is finite. `peak`: the
/// run's peak learning rate.
void require_finite(bool is_finite, const char* what, std::uint64_t step, double peak);

/// Counts steps in a row whose bits per byte exceed kHopeless log2(alphabet). A network that learns nothing
/// costs log2(alphabet), and one that is so far above it for many steps has lost what it began with.
class DivergenceWatch {
   public:
    /// A quarter above no model at all: 10 bits for bytes. Batches of few bytes reach it by chance, but not
    /// again and again.
    static constexpr double kHopeless = 1.25;

    /// patience: steps in a row that end the run; 0: none do. With tokens log2(alphabet) is for the mean of
    /// their bytes.
    DivergenceWatch(std::size_t alphabet, std::uint64_t patience, double bytes_a_symbol = 1.0);
    /// What step `step` cost. Throws Diverged when its patience is over.
    void add(std::uint64_t step, double bits_per_byte, double peak);

   private:
    double without_model_;
    std::uint64_t patience_;
    std::uint64_t count_ = 0;
};

}  // namespace bitlaw::train
