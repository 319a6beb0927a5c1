#pragma once
/// \file What a level costs an entropy coder that knows the mean size of its row's levels. Class A.

#include <algorithm>
#include <cmath>
#include <span>

#include "bitlaw/base/math.hpp"

namespace bitlaw::model {

/// Bits of levels whose sizes have a mean: of 0, and more for each step away from it (two-sided geometric).
struct LevelBits {
    explicit LevelBits(double mean) {
        // theta of p(q) ~ theta^|q|: mean = 2 theta / (1 - theta^2).
        const double m = std::max(mean, 1e-3);
        const double theta = (std::sqrt(1.0 + m * m) - 1.0) / m;
        zero = -exact_log2((1.0 - theta) / (1.0 + theta));
        step = -exact_log2(theta);
    }
    [[nodiscard]] double of(double level) const { return zero + step * std::abs(level); }
    double zero;
    double step;
};

/// The mean of |weight| / step.
[[nodiscard]] inline double mean_size(std::span<const float> row, double step) {
    double sum = 0.0;
    for (const float weight : row) {
        sum += std::abs(double{weight});
    }
    return sum / step / static_cast<double>(row.size());
}

}  // namespace bitlaw::model
