#pragma once
/// \file Fits of the additive law to measured runs: where the search of every form begins, and what odd runs
/// are found by.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "bitlaw/laws/law.hpp"

namespace bitlaw::laws {

struct LawFit {
    Law law;
    double error = 0;        ///< root of the mean square of (measured - predicted) / measured
    std::size_t points = 0;  ///< runs fitted
    std::size_t free = 0;    ///< parameters fitted: 5, and R* where runs repeat their bytes
    std::string at_end;      ///< "E, b": what fit_law_huber() found at an end of the range that it searches
    [[nodiscard]] bool repeats() const { return free > 5; }
};

/// Fewest runs that determine the five parameters with some residual left, and different values of N and of
/// D.
inline constexpr std::size_t kFewestPoints = 7;
inline constexpr std::size_t kFewestValues = 3;

/// Least squares of (measured - predicted) / measured, E, A, B >= 0, by variable projection (Golub and
/// Pereyra 1973): for fixed a, b (and R*, when a run repeats its bytes) the problem is linear in E, A, B. A
/// grid over them, then Levenberg-Marquardt steps on the projected residuals in Kaufman's form (1975). Throws
/// Error when the points are too few. Class B.
[[nodiscard]] LawFit fit_law(std::span<const LawPoint> points);

/// The same from a start instead of the grid: fit_law's result for data that differ a little, at a hundredth
/// of its time.
[[nodiscard]] LawFit refit_law(std::span<const LawPoint> points, const Law& start);

/// The cross-check: sum of Huber(log predicted - log measured), delta = 0.001, over log E, log A, log B, a, b
/// (R* is taken from `repeat_scale`), the best of many starts by reweighted Levenberg-Marquardt (Hoffmann et
/// al. 2022, section D.2, who use L-BFGS). `error` is as in fit_law. Class B.
[[nodiscard]] LawFit fit_law_huber(std::span<const LawPoint> points, double repeat_scale);

/// A value and its 90 % interval, where there is one: the 5 % and 95 % quantiles of the bootstrap.
struct Interval {
    double value = 0;
    double low = std::numeric_limits<double>::quiet_NaN();
    double high = std::numeric_limits<double>::quiet_NaN();
    [[nodiscard]] bool has_bounds() const { return low <= high; }
};

/// Quantile `share` (0 .. 1) of the values, interpolated linearly between neighbours; values are sorted in
/// place. At least one value, none of them NaN.
[[nodiscard]] double quantile(std::vector<double>& values, double share);

/// The interval of any figure of a law: figure(law) for the fit's law and for the bootstrap's. Figures that
/// are not finite are left out; without any other there are no bounds.
template <class Law, class Figure>
[[nodiscard]] Interval interval_of(const Law& law, std::span<const std::type_identity_t<Law>> bootstrap,
                                   const Figure& figure) {
    std::vector<double> values;
    values.reserve(bootstrap.size());
    for (const Law& sample : bootstrap) {
        if (const double found = figure(sample); std::isfinite(found)) {
            values.push_back(found);
        }
    }
    const double value = figure(law);
    if (values.empty()) {
        return {.value = value};
    }
    const double low = quantile(values, 0.05);
    return {value, low, quantile(values, 0.95)};
}

}  // namespace bitlaw::laws
