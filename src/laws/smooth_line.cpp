#include "bitlaw/laws/smooth_line.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/LU>

#include "bitlaw/base/error.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;

// Slopes of the spline: continuity of the second derivative at inner points, of the third at the second and
// the last but one; with three points the parabola's, with two the line's.
Eigen::VectorXd spline_slopes(const std::vector<double>& step, const std::vector<double>& secant) {
    const auto n = static_cast<Index>(step.size() + 1);
    if (n == 2) {
        return Eigen::VectorXd::Constant(2, secant[0]);
    }
    if (n == 3) {
        const double curve = (secant[1] - secant[0]) / (step[0] + step[1]);
        return Eigen::Vector3d(secant[0] - step[0] * curve, secant[0] + step[0] * curve,
                               secant[1] + step[1] * curve);
    }
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(n, n);
    Eigen::VectorXd right(n);
    for (Index i = 1; i + 1 < n; ++i) {
        const double before = step[static_cast<std::size_t>(i - 1)];
        const double after = step[static_cast<std::size_t>(i)];
        system(i, i - 1) = after;
        system(i, i) = 2.0 * (before + after);
        system(i, i + 1) = before;
        right[i] = 3.0 * (after * secant[static_cast<std::size_t>(i - 1)] +
                          before * secant[static_cast<std::size_t>(i)]);
    }
    // The third derivative on each side of point p: 6 (s_p + s_{p+1} - 2 secant) / step^2.
    const auto third_derivative = [&](Index row, std::size_t p) {
        const double left = 1.0 / (step[p - 1] * step[p - 1]);
        const double other = 1.0 / (step[p] * step[p]);
        const auto at = static_cast<Index>(p);
        system(row, at - 1) = left;
        system(row, at) = left - other;
        system(row, at + 1) = -other;
        right[row] = 2.0 * (left * secant[p - 1] - other * secant[p]);
    };
    third_derivative(0, 1);
    third_derivative(n - 1, step.size() - 1);
    return system.partialPivLu().solve(right);
}

}  // namespace

SmoothLine::SmoothLine(std::span<const double> x, std::span<const double> y, Waves waves)
    : x_(x.begin(), x.end()), y_(y.begin(), y.end()) {
    BITLAW_ASSERT(x.size() == y.size() && x.size() >= 2);
    std::vector<double> step;
    std::vector<double> secant;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
        step.push_back(x[i + 1] - x[i]);
        BITLAW_ASSERT(step.back() > 0.0);
        secant.push_back((y[i + 1] - y[i]) / step.back());
    }
    const Eigen::VectorXd slopes = spline_slopes(step, secant);
    for (std::size_t i = 0; i < x.size(); ++i) {
        double slope = slopes[static_cast<Index>(i)];
        const double before = secant[i == 0 ? 0 : i - 1];
        const double after = secant[std::min(i, secant.size() - 1)];
        if (waves == Waves::cut && before * after > 0.0) {
            const double most = 3.0 * std::min(std::abs(before), std::abs(after));
            slope = before > 0.0 ? std::clamp(slope, 0.0, most) : std::clamp(slope, -most, 0.0);
        }
        slope_.push_back(slope);
    }
}

double SmoothLine::at(double place) const {
    if (place <= x_.front()) {
        return y_.front() + slope_.front() * (place - x_.front());
    }
    if (place >= x_.back()) {
        return y_.back() + slope_.back() * (place - x_.back());
    }
    const auto i = static_cast<std::size_t>(std::upper_bound(x_.begin(), x_.end(), place) - x_.begin()) - 1;
    const double step = x_[i + 1] - x_[i];
    const double t = (place - x_[i]) / step;
    const double rest = 1.0 - t;
    return rest * rest * ((1.0 + 2.0 * t) * y_[i] + t * step * slope_[i]) +
           t * t * ((3.0 - 2.0 * t) * y_[i + 1] - rest * step * slope_[i + 1]);
}

LeastPlace least_place(double first, double last, const std::function<double(double)>& value) {
    constexpr int kGrid = 400;
    constexpr int kSteps = 50;
    const double step = (last - first) / kGrid;
    LeastPlace least{first, value(first), -1};
    for (int i = 1; i <= kGrid; ++i) {
        const double place = i == kGrid ? last : first + i * step;
        if (const double tried = value(place); tried < least.value) {
            least = {place, tried, i == kGrid ? 1 : 0};
        }
    }
    double left = std::max(first, least.place - step);
    double right = std::min(last, least.place + step);
    for (int i = 0; i < kSteps; ++i) {
        const double third = (right - left) / 3.0;
        if (value(left + third) < value(right - third)) {
            right -= third;
        } else {
            left += third;
        }
    }
    const double place = 0.5 * (left + right);
    if (const double tried = value(place); tried < least.value) {
        // A grid's end is the function's only where nothing beside it is less.
        const double near = 1e-6 * (last - first);
        least = {place, tried, place - first < near ? -1 : last - place < near ? 1 : 0};
    }
    return least;
}

}  // namespace bitlaw::laws
