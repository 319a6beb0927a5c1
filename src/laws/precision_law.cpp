#include "bitlaw/laws/precision_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/smooth_line.hpp"

namespace bitlaw::laws {
namespace {

// Search values: log c, log a, n, d.
double power(const double* s, const FormLaw&, const PrecisionPoint& at, double size, double data) {
    return std::exp2(-std::exp(s[1]) * at.bits_per_weight) *
           std::exp(s[0] + s[2] * std::log(size) + s[3] * std::log(data));
}

double share(const double* s, const FormLaw& law, const PrecisionPoint& at, double size, double data) {
    return law.bits(at.run()) * power(s, law, at, size, data);
}

// Search values: log c, log a, r.
double ratio(const double* s, const FormLaw& law, const PrecisionPoint& at, double size, double data) {
    const std::array<double, 4> as_power{s[0], s[1], -s[2], s[2]};
    return power(as_power.data(), law, at, size, data);
}

// Search values: log c, log a.
double fewer(const double* s, const FormLaw& law, const PrecisionPoint& at, double, double) {
    constexpr double kMostLost = 0.999;
    const double lost = std::min(std::exp(s[0]) * std::exp2(-std::exp(s[1]) * at.bits_per_weight), kMostLost);
    return law.bits(at.parameters * (1.0 - lost), at.bytes, at.unique) - law.bits(at.run());
}

bool first_two(std::size_t parameter) { return parameter < 2; }

struct Centred {
    const PrecisionForm& form;
    const FormLaw& law;
    std::span<const PrecisionPoint> points;
    double size;
    double data;

    [[nodiscard]] double residual(const Eigen::VectorXd& search, std::size_t i) const {
        const PrecisionPoint& p = points[i];
        const double added = form.added(search.data(), law, p, p.parameters / size, p.bytes / data);
        return (p.bits - p.exact_bits - added) / p.bits;
    }
    [[nodiscard]] double squares(const Eigen::VectorXd& search) const {
        double sum = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            const double r = residual(search, i);
            sum += r * r;
        }
        return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
    }
};

// Derivatives by differences: there are few parameters and points.
Eigen::VectorXd descend(const Centred& problem, Eigen::VectorXd search) {
    constexpr int kSteps = 200;
    constexpr double kDifference = 1e-5;
    const auto runs = static_cast<Eigen::Index>(problem.points.size());
    double damping = 1e-2;
    double value = problem.squares(search);
    for (int step = 0; step < kSteps && damping < 1e10; ++step) {
        Eigen::MatrixXd slopes(runs, search.size());
        Eigen::VectorXd residuals(runs);
        for (Eigen::Index i = 0; i < runs; ++i) {
            residuals[i] = problem.residual(search, static_cast<std::size_t>(i));
            for (Eigen::Index q = 0; q < search.size(); ++q) {
                Eigen::VectorXd moved = search;
                moved[q] += kDifference;
                slopes(i, q) =
                    (residuals[i] - problem.residual(moved, static_cast<std::size_t>(i))) / kDifference;
            }
        }
        Eigen::MatrixXd damped = slopes.transpose() * slopes;
        damped.diagonal() =
            damped.diagonal() * (1.0 + damping) + Eigen::VectorXd::Constant(search.size(), 1e-14);
        const Eigen::VectorXd tried = search + damped.ldlt().solve(slopes.transpose() * residuals);
        const double tried_value =
            tried.allFinite() ? problem.squares(tried) : std::numeric_limits<double>::infinity();
        if (tried_value < value) {
            const bool is_idle = value - tried_value < 1e-12 * value;
            search = tried;
            value = tried_value;
            damping *= 0.2;
            if (is_idle) {
                break;
            }
        } else {
            damping *= 5.0;
        }
    }
    return search;
}

PrecisionLaw fitted(const PrecisionForm& form, const FormLaw& law, std::span<const PrecisionPoint> points) {
    if (points.size() < form.names.size() + 1) {
        fail("the form ", form.formula, " has ", form.names.size(), " parameters, and there are ",
             points.size(), " points; measure more precisions");
    }
    PrecisionLaw result{&form, {}, 0, 0};
    for (const PrecisionPoint& p : points) {
        result.mean_size += std::log(p.parameters) / static_cast<double>(points.size());
        result.mean_data += std::log(p.bytes) / static_cast<double>(points.size());
    }
    result.mean_size = std::exp(result.mean_size);
    result.mean_data = std::exp(result.mean_data);
    const Centred problem{form, law, points, result.mean_size, result.mean_data};
    double least = std::numeric_limits<double>::infinity();
    for (const std::vector<double>& start : form.starts) {
        const Eigen::VectorXd found =
            descend(problem,
                    Eigen::Map<const Eigen::VectorXd>(start.data(), static_cast<Eigen::Index>(start.size())));
        if (const double value = problem.squares(found); value < least) {
            least = value;
            result.search.assign(found.begin(), found.end());
        }
    }
    if (result.search.empty()) {
        fail("the form ", form.formula, " cannot be fitted to these points");
    }
    return result;
}

double error_of(const PrecisionLaw& precision, const FormLaw& law, std::span<const PrecisionPoint> points) {
    double sum = 0;
    for (const PrecisionPoint& p : points) {
        const double r = (p.bits - p.exact_bits - precision.added(law, p)) / p.bits;
        sum += r * r;
    }
    return std::sqrt(sum / static_cast<double>(points.size()));
}

}  // namespace

std::span<const PrecisionForm> precision_forms() {
    const double one = std::log(1.0);
    const double four = std::log(4.0);
    static const std::array list{
        PrecisionForm{"power",
                      "c 2^(-a q) N^n D^d",
                      {"c", "a", "n", "d"},
                      {{one, one, 0, 0}, {four, std::log(2.0), 0, 0}},
                      power,
                      first_two},
        PrecisionForm{"share",
                      "L c 2^(-a q) N^n D^d",
                      {"c", "a", "n", "d"},
                      {{one, one, 0, 0}, {four, std::log(2.0), 0, 0}},
                      share,
                      first_two},
        // Kumar et al. 2024, arXiv 2411.04330, of rounding after training.
        PrecisionForm{"ratio",
                      "c 2^(-a q) (D / N)^r",
                      {"c", "a", "r"},
                      {{one, one, 0}, {four, std::log(2.0), 0.3}},
                      ratio,
                      first_two},
        // The same, of training with rounded weights.
        PrecisionForm{"fewer",
                      "L(N (1 - c 2^(-a q)), D) - L(N, D)",
                      {"c", "a"},
                      {{one, one}, {four, std::log(2.0)}, {one, std::log(0.5)}},
                      fewer,
                      first_two},
    };
    return list;
}

double PrecisionLaw::added(const FormLaw& law, const PrecisionPoint& at) const {
    return form->added(search.data(), law, at, at.parameters / mean_size, at.bytes / mean_data);
}

std::vector<double> PrecisionLaw::values() const {
    std::vector<double> list;
    for (std::size_t i = 0; i < search.size(); ++i) {
        list.push_back(form->is_logarithm(i) ? std::exp(search[i]) : search[i]);
    }
    return list;
}

PrecisionFit fit_precision(const PrecisionForm& form, const FormLaw& law,
                           std::span<const PrecisionPoint> points) {
    PrecisionFit fit{.law = fitted(form, law, points), .points = points.size()};
    fit.error = error_of(fit.law, law, points);
    double largest = 0;
    for (const PrecisionPoint& p : points) {
        largest = std::max(largest, p.parameters);
    }
    std::vector<PrecisionPoint> kept;
    std::vector<PrecisionPoint> left_out;
    for (const PrecisionPoint& p : points) {
        (p.parameters == largest ? left_out : kept).push_back(p);
    }
    if (kept.size() > form.names.size()) {
        fit.hold_out = error_of(fitted(form, law, kept), law, left_out);
    }
    return fit;
}

PrecisionOptimum precision_optimum(const FormLaw& law, const PrecisionLaw& precision, double coded,
                                   double low, double high) {
    constexpr double kLeastSize = 10.0;
    constexpr double kGreatestSize = 1e16;
    const auto raw = [&](double size, double bits_per_weight) {
        const PrecisionPoint at{size, coded, coded, bits_per_weight, 0, 0};
        return law.bits(at.run()) + precision.added(law, at);
    };
    const auto best_size = [&](double q) {
        return least_place(std::log(kLeastSize), std::log(kGreatestSize), [&](double place) {
            const double size = std::exp(place);
            return raw(size, q) / 8.0 + q * size / (8.0 * coded);
        });
    };
    const LeastPlace q = least_place(low, high, [&](double bits) { return best_size(bits).value; });
    const LeastPlace size = best_size(q.place);
    return {std::exp(size.place), q.place, size.value, raw(std::exp(size.place), q.place)};
}

}  // namespace bitlaw::laws
