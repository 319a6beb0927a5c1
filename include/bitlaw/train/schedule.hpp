#pragma once
/// \file The learning rate over a run.

#include <cstdint>

namespace bitlaw::train {

/// Linear warm-up, a plateau, linear decay.
struct Schedule {
    double peak;          ///< learning rate of the plateau
    std::uint64_t steps;  ///< of the whole run, at least 1
    double warmup;        ///< share of the steps, 0 .. 1
    double decay;         ///< share of the steps, 0 .. 1

    /// Rate of update number `step` < steps, counted from 0. With U = floor(warmup steps) and E = floor(decay
    /// steps): peak * min(1, (step + 1) / U, (steps - step) / E), a share of zero steps left out. The rate
    /// would reach zero one step after the last, so that no update is wasted. Class A.
    [[nodiscard]] double rate(std::uint64_t step) const;
};

}  // namespace bitlaw::train
