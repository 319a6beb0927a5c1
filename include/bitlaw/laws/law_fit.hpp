#pragma once
/// \file Fits of the scaling law to measured runs, and how far they can be trusted.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
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

/// Log residuals, log(measured / predicted), of the runs, each divided by sqrt(1 - h) with h its leverage,
/// and centred: the modified residuals of Davison and Hinkley 1997, section 6.3. Class B.
[[nodiscard]] std::vector<double> modified_residuals(std::span<const LawPoint> points, const LawFit& fit);

/// Laws fitted to `count` resampled studies: predictions of `fit` times e^r, which is above zero for any r, r
/// the runs' modified residuals, those of a group all as they are or all with the other sign, by a coin for
/// each group (residual bootstrap by signs: Wu 1986; of groups: Cameron, Gelbach and Miller 2008). Where the
/// law misses a group it misses all its runs alike, and drawing runs one by one would take that for noise
/// that averages out. `groups`: a number for each run, equal within a group. Class B, a pure function of the
/// seed.
[[nodiscard]] std::vector<Law> bootstrap_laws(std::span<const LawPoint> points,
                                              std::span<const std::size_t> groups, const LawFit& fit,
                                              std::size_t count, std::uint64_t seed);

/// What keeps the law from being trusted, a sentence each: powers or R* at the end of the range that is
/// searched, a floor of 0, resampled studies without one of the terms, and a Huber fit that lies elsewhere.
[[nodiscard]] std::vector<std::string> law_doubts(const LawFit& fit, const LawFit& huber,
                                                  std::span<const Law> bootstrap);

/// Quantile `share` (0 .. 1) of the values, interpolated linearly between neighbours; values are sorted in
/// place. At least one value, none of them NaN.
[[nodiscard]] double quantile(std::vector<double>& values, double share);

/// The interval of any figure of the law: figure(law) for the fit's law and for the bootstrap's. Figures that
/// are not finite are left out; without any other there are no bounds.
template <class Figure>
[[nodiscard]] Interval interval_of(const Law& law, std::span<const Law> bootstrap, const Figure& figure) {
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
