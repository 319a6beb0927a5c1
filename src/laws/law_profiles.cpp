#include "bitlaw/laws/law_profiles.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/smooth_line.hpp"
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

// A frontier as a line in log operations; one run is a line of one place.
struct FrontierLine {
    explicit FrontierLine(const std::map<double, double>& frontier) {
        for (const auto& [place, bits] : frontier) {
            x.push_back(place);
            y.push_back(bits);
        }
    }
    [[nodiscard]] bool holds(double place) const { return x.front() <= place && place <= x.back(); }
    [[nodiscard]] double at(double place) const {
        return x.size() < 2 ? y.front() : SmoothLine(x, y).at(place);
    }
    std::vector<double> x;
    std::vector<double> y;
};

void find_minimum(Profile& profile) {
    std::vector<double> x;
    for (const double size : profile.parameters) {
        x.push_back(std::log(size));
    }
    const SmoothLine line(x, profile.bits, Waves::left);
    const LeastPlace least = least_place(x.front(), x.back(), [&](double place) { return line.at(place); });
    profile.best_parameters = std::exp(least.place);
    profile.best_bits = least.value;
    profile.end = least.end;
}

bool can_be_fitted(std::span<const LawPoint> points, const LawForm& form) {
    std::set<double> sizes;
    std::set<double> amounts;
    for (const LawPoint& point : points) {
        sizes.insert(point.parameters);
        amounts.insert(point.bytes);
    }
    // As many as the parameters, R* among them, and two more.
    const std::size_t fewest = std::max(kFewestPoints, form.parameters.size() + 3);
    return points.size() >= fewest && sizes.size() >= kFewestValues && amounts.size() >= kFewestValues;
}

// Fits without the runs that `leaves_out` names and predicts them; nothing when that cannot be done.
void add_extrapolation(std::vector<Extrapolation>& list, std::span<const ProfileRun> runs, std::string name,
                       const LawForm& form, double no_model,
                       const std::function<bool(const ProfileRun&)>& leaves_out) {
    std::vector<LawPoint> kept;
    std::vector<LawPoint> out;
    for (const ProfileRun& run : runs) {
        (leaves_out(run) ? out : kept).push_back(run.point);
    }
    if (out.empty() || !can_be_fitted(kept, form)) {
        return;
    }
    const FormFit fit = fit_form(form, kept, FitLoss::squares, no_model);
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
    constexpr std::size_t kFewestSizes = 4;  // fewer show no curve
    std::map<double, std::vector<std::pair<double, double>>> by_size;
    for (const ProfileRun& run : runs) {
        by_size[run.point.parameters].emplace_back(run.flops, run.point.bits);
    }
    std::map<double, FrontierLine> lines;
    std::vector<double> begins;
    std::vector<double> ends;
    for (const auto& [size, points] : by_size) {
        const FrontierLine& line = lines.emplace(size, FrontierLine(frontier(points))).first->second;
        begins.push_back(line.x.front());
        ends.push_back(line.x.back());
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
            if (line.holds(place)) {
                profile.parameters.push_back(size);
                profile.bits.push_back(line.at(place));
            }
        }
        if (profile.parameters.size() >= kFewestSizes) {
            find_minimum(profile);
            profiles.push_back(std::move(profile));
        }
    }
    return profiles;
}

std::vector<Sensitivity> sensitivities(std::span<const LawPoint> points, const LawForm& form,
                                       double no_model) {
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
        if (kept.size() < points.size() && can_be_fitted(kept, form)) {
            list.push_back({name, fit_form(form, kept, FitLoss::squares, no_model)});
        }
    };
    add("the smallest size", [=](const LawPoint& point) { return point.parameters == size; });
    // Whole steps make the same amount a little less in some runs.
    add("the fewest different bytes", [=](const LawPoint& point) { return point.unique < 1.5 * unique; });
    add("runs that repeat their bytes",
        [](const LawPoint& point) { return point.bytes > 1.5 * point.unique; });
    return list;
}

std::vector<Extrapolation> extrapolations(std::span<const ProfileRun> runs, const LawForm& form,
                                          double no_model) {
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
    // Sizes that were read off a picture, and amounts of whole steps, differ a little.
    constexpr double kSame = 1.1;
    add_extrapolation(list, runs, "the largest size", form, no_model,
                      [&](const ProfileRun& run) { return run.point.parameters * kSame >= size; });
    add_extrapolation(list, runs, "the most bytes", form, no_model,
                      [&](const ProfileRun& run) { return run.point.bytes * kSame >= bytes; });
    const double bound = quantile(flops, 0.9);
    add_extrapolation(list, runs, "the costliest tenth", form, no_model,
                      [&](const ProfileRun& run) { return run.flops > bound; });
    return list;
}

double hold_out_error(std::span<const Extrapolation> extrapolations) {
    double squares = 0;
    for (const Extrapolation& e : extrapolations) {
        squares += e.error * e.error;
    }
    return extrapolations.empty() ? std::numeric_limits<double>::quiet_NaN()
                                  : std::sqrt(squares / static_cast<double>(extrapolations.size()));
}

}  // namespace bitlaw::laws
