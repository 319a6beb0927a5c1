#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/law_fit.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;
using Vector5 = Eigen::Matrix<double, 5, 1>;
using Matrix5 = Eigen::Matrix<double, 5, 5>;

constexpr double kDelta = 1e-3;  // Hoffmann et al.'s
// Of every theta. Wide, and keeps every exponential finite; a power of e^-9 is none.
constexpr double kBound = 9.0;

double huber(double r) {
    const double size = std::abs(r);
    return size <= kDelta ? 0.5 * r * r : kDelta * (size - 0.5 * kDelta);
}

// The runs in logarithms about their means: log N / N0, log D' / D0, log L.
struct LogRuns {
    std::vector<double> size;
    std::vector<double> data;
    std::vector<double> bits;
    double log_size = 0;
    double log_data = 0;
};

LogRuns log_runs(std::span<const LawPoint> points, double repeat_scale) {
    LogRuns runs;
    const auto n = static_cast<double>(points.size());
    for (const LawPoint& p : points) {
        runs.size.push_back(std::log(p.parameters));
        runs.data.push_back(std::log(effective_bytes(p.bytes, p.unique, repeat_scale)));
        runs.bits.push_back(std::log(p.bits));
        runs.log_size += runs.size.back() / n;
        runs.log_data += runs.data.back() / n;
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
        runs.size[i] -= runs.log_size;
        runs.data[i] -= runs.log_data;
    }
    return runs;
}

// theta: log E, log A / N0^a, log B / D0^b, log a, log b. Returns the objective; fills the reweighted normal
// equations when they are wanted.
double objective(const LogRuns& runs, const Vector5& theta, Matrix5* gram, Vector5* descent) {
    const double a = std::exp(theta[3]);
    const double b = std::exp(theta[4]);
    const double floor = std::exp(theta[0]);
    if (gram != nullptr) {
        gram->setZero();
        descent->setZero();
    }
    double sum = 0;
    for (std::size_t i = 0; i < runs.bits.size(); ++i) {
        const double of_size = std::exp(theta[1] - a * runs.size[i]);
        const double of_data = std::exp(theta[2] - b * runs.data[i]);
        const double all = floor + of_size + of_data;
        const double residual = runs.bits[i] - std::log(all);
        sum += huber(residual);
        if (gram != nullptr) {
            const Vector5 slope =
                Vector5(floor, of_size, of_data, -a * runs.size[i] * of_size, -b * runs.data[i] * of_data) /
                all;
            const double weight = std::abs(residual) <= kDelta ? 1.0 : kDelta / std::abs(residual);
            *gram += weight * slope * slope.transpose();
            *descent += weight * residual * slope;
        }
    }
    return sum;
}

struct Found {
    Vector5 theta;
    double value;
};

// Levenberg-Marquardt with weights renewed each step: steps that do not lower the objective itself are
// refused.
Found descend(const LogRuns& runs, Vector5 theta) {
    constexpr int kMostSteps = 300;
    constexpr double kLeastGain = 1e-10;  // relative
    double damping = 1e-2;
    Matrix5 gram;
    Vector5 descent;
    double value = objective(runs, theta, &gram, &descent);
    int idle = 0;
    for (int step = 0; step < kMostSteps && damping < 1e10 && idle < 5; ++step) {
        Matrix5 damped = gram;
        damped.diagonal() += damping * (gram.diagonal().array() + 1e-9).matrix();
        Vector5 tried = theta + damped.ldlt().solve(descent);
        tried = tried.cwiseMax(-kBound).cwiseMin(kBound);
        const double tried_value = tried.allFinite() ? objective(runs, tried, nullptr, nullptr)
                                                     : std::numeric_limits<double>::infinity();
        if (tried_value < value) {
            idle = value - tried_value < kLeastGain * value ? idle + 1 : 0;
            theta = tried;
            value = objective(runs, theta, &gram, &descent);
            damping *= 0.3;
        } else {
            damping *= 5.0;
        }
    }
    return {theta, value};
}

// Starts: shares of the mean rate for E, A and B, and exponents.
std::vector<Vector5> starts(const LogRuns& runs) {
    double mean = 0;
    for (const double bits : runs.bits) {
        mean += bits / static_cast<double>(runs.bits.size());
    }
    std::vector<Vector5> list;
    for (const double floor : {0.05, 0.3, 0.8}) {
        for (const double of_size : {0.05, 0.2, 0.6}) {
            for (const double of_data : {0.05, 0.2, 0.6}) {
                for (const double a : {0.1, 0.3, 0.8}) {
                    for (const double b : {0.1, 0.3, 0.8}) {
                        list.push_back({mean + std::log(floor), mean + std::log(of_size),
                                        mean + std::log(of_data), std::log(a), std::log(b)});
                    }
                }
            }
        }
    }
    return list;
}

}  // namespace

LawFit fit_law_huber(std::span<const LawPoint> points, double repeat_scale) {
    if (points.size() < kFewestPoints) {
        fail("the law cannot be fitted to ", points.size(), " runs; it needs ", kFewestPoints,
             ", so run more of the study");
    }
    const LogRuns runs = log_runs(points, repeat_scale);
    Found best{Vector5::Zero(), std::numeric_limits<double>::infinity()};
    for (const Vector5& start : starts(runs)) {
        const Found found = descend(runs, start);
        if (found.value < best.value) {
            best = found;
        }
    }
    const double a = std::exp(best.theta[3]);
    const double b = std::exp(best.theta[4]);
    LawFit fit{.law = {.floor = std::exp(best.theta[0]),
                       .size_scale = std::exp(best.theta[1] + a * runs.log_size),
                       .size_power = a,
                       .data_scale = std::exp(best.theta[2] + b * runs.log_data),
                       .data_power = b,
                       .repeat_scale = repeat_scale},
               .points = points.size(),
               .free = 5,
               .at_end = {}};
    constexpr std::array<const char*, 5> kNames{"E", "A", "B", "a", "b"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (std::abs(best.theta[static_cast<Index>(i)]) >= kBound) {
            fit.at_end += (fit.at_end.empty() ? "" : ", ") + std::string(kNames[i]);
        }
    }
    double squares = 0;
    for (const LawPoint& p : points) {
        const double relative = 1.0 - fit.law.bits(p) / p.bits;
        squares += relative * relative;
    }
    fit.error = std::sqrt(squares / static_cast<double>(points.size()));
    return fit;
}

}  // namespace bitlaw::laws
