#pragma once
/// \file Runs that lie far from where all others put the law.

#include <cstddef>
#include <span>
#include <vector>

#include "bitlaw/laws/law.hpp"

namespace bitlaw::laws {

/// A run far off the law of the others, such as one whose training ended in a spike of its loss.
struct OddPoint {
    std::size_t index = 0;  ///< of the points
    double expected = 0;    ///< bits per byte by a fit that such runs hardly move (fit_law_huber)
    double counted = 0;     ///< bits per byte in place of the measured: `expected` moved by 3 deviations
};

/// Fewest points among which one can be called odd: with fewer, five parameters follow it.
inline constexpr std::size_t kFewestForOdd = 20;

/// Points whose log residual about the Huber fit is above log 1.25 and above 10 robust standard deviations
/// (1.4826 times the median of the absolute residuals, without the smallest ones, one for each parameter
/// fitted: those follow from the fit). Least squares of the points with `counted` in their place are Huber's
/// winsorized ones (Huber 1981, section 7.8). Nothing when there are fewer points than kFewestForOdd, or when
/// more than a tenth would be odd: then it is the law that does not describe them. Throws Error when the
/// points cannot be fitted. Class B.
[[nodiscard]] std::vector<OddPoint> odd_points(std::span<const LawPoint> points);

}  // namespace bitlaw::laws
