#include "bitlaw/laws/law_odd.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/laws/law_fit.hpp"

namespace bitlaw::laws {
namespace {

constexpr double kLeastFactor = 1.25;  // what the law misses of ordinary runs is a tenth at most
constexpr double kDeviations = 10.0;
constexpr double kCountedDeviations = 3.0;
constexpr double kGreatestShare = 0.1;

// 1.4826 times the median absolute residual is the standard deviation of a normal distribution.
double deviation_of(std::span<const double> residuals, std::size_t free) {
    std::vector<double> sizes;
    for (const double residual : residuals) {
        sizes.push_back(std::abs(residual));
    }
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(free));
    return 1.4826 * quantile(sizes, 0.5);
}

std::vector<OddPoint> far_from(std::span<const LawPoint> points, const LawFit& fit) {
    std::vector<double> residuals;
    for (const LawPoint& point : points) {
        residuals.push_back(std::log(point.bits / fit.law.bits(point)));
    }
    const double deviation = deviation_of(residuals, fit.free);
    const double bound = std::max(kDeviations * deviation, std::log(kLeastFactor));
    std::vector<OddPoint> odd;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (std::abs(residuals[i]) > bound) {
            const double expected = fit.law.bits(points[i]);
            const double moved = std::copysign(kCountedDeviations * deviation, residuals[i]);
            odd.push_back({i, expected, expected * std::exp(moved)});
        }
    }
    return odd;
}

}  // namespace

std::vector<OddPoint> odd_points(std::span<const LawPoint> points) {
    if (points.size() < kFewestForOdd) {
        return {};
    }
    // What repeats are worth comes from the least squares, which odd points pull away: again without them.
    constexpr int kRounds = 3;
    std::vector<OddPoint> odd;
    std::vector<LawPoint> counted(points.begin(), points.end());
    for (int round = 0; round < kRounds; ++round) {
        const LawFit fit = fit_law(counted);
        const std::vector<OddPoint> found = far_from(points, fit_law_huber(points, fit.law.repeat_scale));
        const bool is_same = std::equal(found.begin(), found.end(), odd.begin(), odd.end(),
                                        [](const auto& a, const auto& b) { return a.index == b.index; });
        odd = found;
        if (is_same) {
            break;
        }
        std::copy(points.begin(), points.end(), counted.begin());
        for (const OddPoint& point : odd) {
            counted[point.index].bits = point.counted;
        }
    }
    const double greatest = kGreatestShare * static_cast<double>(points.size());
    return static_cast<double>(odd.size()) > greatest ? std::vector<OddPoint>{} : odd;
}

}  // namespace bitlaw::laws
