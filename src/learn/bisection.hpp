#pragma once
/// \file The search for a quantiser's step. Class A.

#include <utility>

#include "bitlaw/base/math.hpp"

namespace bitlaw::learn {

/// Exponents of QuantiserOptions::step from "nothing is lost" to "nothing is left".
inline constexpr double kFinest = -24.0;
inline constexpr double kCoarsest = 2.0;

enum class Wanted { finest, coarsest };

/// The finest, or coarsest, step for which trial(step), a std::optional, has a value, by bisection; its
/// value, or none where no step has one.
template <class Trial>
[[nodiscard]] auto bisected(Wanted wanted, const Trial& trial) {
    decltype(trial(1.0)) best;
    double fine = kFinest;
    double coarse = kCoarsest;
    for (int round = 0; round < 14; ++round) {
        const double middle = (fine + coarse) / 2.0;
        auto found = trial(exact_exp2(middle));
        (found.has_value() == (wanted == Wanted::finest) ? coarse : fine) = middle;
        if (found) {
            best = std::move(found);
        }
    }
    return best;
}

}  // namespace bitlaw::learn
