#include "bitlaw/laws/law_profiles.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include <Eigen/QR>

#include "bitlaw/base/error.hpp"
#include "fit_projection.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// The runs of a size that no cheaper one betters, by log of operations.
std::map<double, double> frontier(std::vector<std::pair<double, double>> cost_and_bits) {
    std::sort(cost_and_bits.begin(), cost_and_bits.end());
    std::map<double, double> kept;
    for (const auto& [flops, bits] : cost_and_bits) {
        if (kept.empty() || bits < kept.rbegin()->second) {
            kept.emplace(std::log(flops), bits);
        }
    }
    return kept;
}

// The value between two neighbours of a frontier; the place must lie within.
double interpolated(const std::map<double, double>& line, double place) {
    const auto above = line.lower_bound(place);
    BITLAW_ASSERT(above != line.end());
    if (above->first == place) {
        return above->second;
    }
    BITLAW_ASSERT(above != line.begin());
    const auto below = std::prev(above);
    const double share = (place - below->first) / (above->first - below->first);
    return below->second + share * (above->second - below->second);
}

// Fits bits = c0 + c1 x + c2 x^2 in x = log N about its mean.
void find_minimum(Profile& profile) {
    const auto n = static_cast<Index>(profile.parameters.size());
    VectorXd x(n);
    VectorXd y(n);
    for (Index i = 0; i < n; ++i) {
        x[i] = std::log(profile.parameters[static_cast<std::size_t>(i)]);
        y[i] = profile.bits[static_cast<std::size_t>(i)];
    }
    const double mean = x.mean();
    Eigen::MatrixXd columns(n, 3);
    columns.col(0).setOnes();
    columns.col(1) = x.array() - mean;
    columns.col(2) = columns.col(1).array().square();
    const VectorXd c = columns.colPivHouseholderQr().solve(y);
    if (c[2] <= 0.0) {
        return;
    }
    const double place = mean - c[1] / (2.0 * c[2]);
    profile.has_minimum = place > x.minCoeff() && place < x.maxCoeff();
    profile.best_parameters = std::exp(place);
    profile.best_bits = c[0] - c[1] * c[1] / (4.0 * c[2]);
}

bool can_be_fitted(std::span<const LawPoint> points) {
    std::set<double> sizes;
    std::set<double> amounts;
    for (const LawPoint& point : points) {
        sizes.insert(point.parameters);
        amounts.insert(point.bytes);
    }
    return points.size() >= kFewestPoints && sizes.size() >= kFewestValues && amounts.size() >= kFewestValues;
}

// Fits without the runs that `leaves_out` names and predicts them; nothing when that cannot be done.
void add_extrapolation(std::vector<Extrapolation>& list, std::span<const ProfileRun> runs, std::string name,
                       const std::function<bool(const ProfileRun&)>& leaves_out) {
    std::vector<LawPoint> kept;
    std::vector<LawPoint> out;
    for (const ProfileRun& run : runs) {
        (leaves_out(run) ? out : kept).push_back(run.point);
    }
    if (out.empty() || !can_be_fitted(kept)) {
        return;
    }
    const LawFit fit = fit_law(kept);
    Extrapolation result{.left_out = std::move(name), .fitted = kept.size(), .predicted = out.size()};
    const auto count = static_cast<double>(out.size());
    for (const LawPoint& point : out) {
        const double error = fit.law.bits(point) / point.bits - 1.0;
        result.mean_error += error / count;
        result.error += error * error / count;
        result.greatest_error = std::max(result.greatest_error, std::abs(error));
    }
    result.error = std::sqrt(result.error);
    list.push_back(std::move(result));
}

}  // namespace

double PowerLaw::at(double x) const { return floor + scale * std::pow(x, -power); }

PowerLaw fit_power(std::span<const double> x, std::span<const double> y, bool has_floor) {
    constexpr int kGrid = 60;
    const std::set<double> values(x.begin(), x.end());
    if (values.size() < (has_floor ? 4U : 3U) || x.size() != y.size()) {
        fail("a power law cannot be fitted to ", values.size(), " values; it needs ", has_floor ? 4 : 3);
    }
    const auto n = static_cast<Index>(x.size());
    VectorXd place(n);
    VectorXd weight(n);
    double mean = 0;
    for (Index i = 0; i < n; ++i) {
        place[i] = std::log(x[static_cast<std::size_t>(i)]);
        weight[i] = 1.0 / y[static_cast<std::size_t>(i)];
        mean += place[i] / static_cast<double>(n);
    }
    place.array() -= mean;
    const Index power_column = has_floor ? 1 : 0;
    ProjectionProblem problem;
    problem.target = VectorXd::Ones(n);
    problem.columns = power_column + 1;
    problem.column_of = {power_column};
    problem.low = VectorXd::Constant(1, std::log(1e-3));
    problem.high = VectorXd::Constant(1, std::log(3.0));
    problem.basis = [&](const VectorXd& theta, ProjectionBasis& basis) {
        const double power = std::exp(theta[0]);
        for (Index i = 0; i < n; ++i) {
            basis.columns(i, 0) = weight[i];
            basis.columns(i, power_column) = weight[i] * std::exp(-power * place[i]);
            basis.derivatives(i, 0) = -power * place[i] * basis.columns(i, power_column);
        }
    };
    const ProjectionFit fit = search_projection(problem, kGrid);
    const double power = std::exp(fit.theta[0]);
    return {.floor = has_floor ? fit.coefficients[0] : 0.0,
            .scale = fit.coefficients[power_column] * std::exp(power * mean),
            .power = power,
            .error = std::sqrt(fit.squares / static_cast<double>(n)),
            .points = x.size()};
}

std::vector<Profile> isoflop_profiles(std::span<const ProfileRun> runs, std::size_t count) {
    constexpr std::size_t kFewestSizes = 4;  // one more than a parabola passes through
    std::map<double, std::vector<std::pair<double, double>>> by_size;
    for (const ProfileRun& run : runs) {
        by_size[run.point.parameters].emplace_back(run.flops, run.point.bits);
    }
    std::map<double, std::map<double, double>> lines;
    std::vector<double> begins;
    std::vector<double> ends;
    for (const auto& [size, points] : by_size) {
        const auto& line = lines[size] = frontier(points);
        begins.push_back(line.begin()->first);
        ends.push_back(line.rbegin()->first);
    }
    std::vector<Profile> profiles;
    if (lines.size() < kFewestSizes) {
        return profiles;
    }
    std::sort(begins.begin(), begins.end());
    std::sort(ends.rbegin(), ends.rend());
    // From where enough sizes have begun to where too few are left.
    const double first = begins[kFewestSizes - 1];
    const double last = ends[kFewestSizes - 1];
    for (std::size_t i = 0; i < count && first < last; ++i) {
        const double share = count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
        const double place = first + share * (last - first);
        Profile profile;
        profile.flops = std::exp(place);
        for (const auto& [size, line] : lines) {
            if (line.begin()->first <= place && place <= line.rbegin()->first) {
                profile.parameters.push_back(size);
                profile.bits.push_back(interpolated(line, place));
            }
        }
        if (profile.parameters.size() >= kFewestSizes) {
            find_minimum(profile);
            profiles.push_back(std::move(profile));
        }
    }
    return profiles;
}

std::vector<Sensitivity> sensitivities(std::span<const LawPoint> points) {
    double size = INFINITY;
    double unique = INFINITY;
    for (const LawPoint& point : points) {
        size = std::min(size, point.parameters);
        unique = std::min(unique, point.unique);
    }
    std::vector<Sensitivity> list;
    const auto add = [&](const char* name, const std::function<bool(const LawPoint&)>& leaves_out) {
        std::vector<LawPoint> kept;
        std::remove_copy_if(points.begin(), points.end(), std::back_inserter(kept), leaves_out);
        if (kept.size() < points.size() && can_be_fitted(kept)) {
            list.push_back({name, fit_law(kept)});
        }
    };
    add("the smallest size", [=](const LawPoint& point) { return point.parameters == size; });
    // Whole steps make the same amount a little less in some runs.
    add("the fewest different bytes", [=](const LawPoint& point) { return point.unique < 1.5 * unique; });
    add("runs that repeat their bytes",
        [](const LawPoint& point) { return point.bytes > 1.5 * point.unique; });
    return list;
}

std::vector<Extrapolation> extrapolations(std::span<const ProfileRun> runs) {
    std::vector<Extrapolation> list;
    if (runs.empty()) {
        return list;
    }
    double size = 0;
    double bytes = 0;
    std::vector<double> flops;
    for (const ProfileRun& run : runs) {
        size = std::max(size, run.point.parameters);
        bytes = std::max(bytes, run.point.bytes);
        flops.push_back(run.flops);
    }
    add_extrapolation(list, runs, "the largest size",
                      [&](const ProfileRun& run) { return run.point.parameters == size; });
    add_extrapolation(list, runs, "the most bytes",
                      [&](const ProfileRun& run) { return run.point.bytes == bytes; });
    const double bound = quantile(flops, 0.9);
    add_extrapolation(list, runs, "the costliest tenth",
                      [&](const ProfileRun& run) { return run.flops > bound; });
    return list;
}

}  // namespace bitlaw::laws
