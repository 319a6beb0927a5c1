#include "bitlaw/laws/law_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

#include <Eigen/Cholesky>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "fit_projection.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Exponents that are looked for, and numbers of repeats. Muennighoff et al. find R* = 15.4, Hoffmann et al.
// exponents of about 0.3.
constexpr double kLeastPower = 0.01;
constexpr double kGreatestPower = 3.0;
constexpr double kLeastRepeats = 0.2;
constexpr double kGreatestRepeats = 1000.0;
// 12 percent from one value to the next; 14 would do, since the refinement reaches further.
constexpr int kGridOfTwo = 40;
constexpr int kGridOfThree = 14;

// A run counts as repeating its bytes from here on: samplers leave out up to one sequence.
constexpr double kRepeats = 1.01;

bool repeats_bytes(std::span<const LawPoint> points) {
    return std::any_of(points.begin(), points.end(),
                       [](const LawPoint& p) { return p.bytes > kRepeats * p.unique; });
}

void require_enough(std::span<const LawPoint> points) {
    std::set<double> sizes;
    std::set<double> amounts;
    for (const LawPoint& p : points) {
        if (!(p.parameters > 0 && p.bytes > 0 && p.unique > 0 && p.bits > 0)) {
            fail("a run with ", p.parameters, " parameters, ", p.bytes, " bytes and ", p.bits,
                 " bits per byte cannot be fitted; all must be above zero");
        }
        sizes.insert(p.parameters);
        amounts.insert(p.bytes);
    }
    if (points.size() < kFewestPoints || sizes.size() < kFewestValues || amounts.size() < kFewestValues) {
        const auto counted = [](std::size_t number, const char* noun) {
            return text_of(number, " ", noun, number == 1 ? "" : "s");
        };
        fail("the law cannot be fitted to ", counted(points.size(), "run"), " of ",
             counted(sizes.size(), "size"), " and ", counted(amounts.size(), "amount"), " of data; it needs ",
             kFewestPoints, " runs, ", kFewestValues, " sizes and ", kFewestValues,
             " amounts, so run more of the study");
    }
}

double mean_log(std::span<const LawPoint> points, double LawPoint::*field) {
    double sum = 0;
    for (const LawPoint& p : points) {
        sum += std::log(p.*field);
    }
    return sum / static_cast<double>(points.size());
}

// The law's projection problem in n = log(N / N0), u = log(U / U0): columns 1, e^(-a n), e^(-b d'), each
// divided by the measured bits, so that residuals are relative. Thetas are log a, log b, log R*.
class LawProblem {
   public:
    explicit LawProblem(std::span<const LawPoint> points)
        : repeats_(repeats_bytes(points)),
          log_size_(mean_log(points, &LawPoint::parameters)),
          log_bytes_(mean_log(points, &LawPoint::bytes)) {
        const auto n = static_cast<Index>(points.size());
        weight_.resize(n);
        size_.resize(n);
        bytes_.resize(n);
        unique_.resize(n);
        surplus_.resize(n);
        for (Index i = 0; i < n; ++i) {
            const LawPoint& p = points[static_cast<std::size_t>(i)];
            weight_[i] = 1.0 / p.bits;
            size_[i] = std::log(p.parameters) - log_size_;
            bytes_[i] = std::log(p.bytes) - log_bytes_;
            unique_[i] = std::log(p.unique) - log_bytes_;
            surplus_[i] = std::max(p.bytes / p.unique - 1.0, 0.0);
        }
        problem_.target = VectorXd::Ones(n);
        problem_.columns = 3;
        problem_.column_of = repeats_ ? std::vector<Index>{1, 2, 2} : std::vector<Index>{1, 2};
        problem_.low = VectorXd::Constant(thetas(), std::log(kLeastPower));
        problem_.high = VectorXd::Constant(thetas(), std::log(kGreatestPower));
        if (repeats_) {
            problem_.low[2] = std::log(kLeastRepeats);
            problem_.high[2] = std::log(kGreatestRepeats);
        }
        problem_.basis = [this](const VectorXd& theta, ProjectionBasis& basis) { fill(theta, basis); };
    }
    LawProblem(const LawProblem&) = delete;
    LawProblem& operator=(const LawProblem&) = delete;

    [[nodiscard]] const ProjectionProblem& problem() const { return problem_; }
    [[nodiscard]] int grid() const { return repeats_ ? kGridOfThree : kGridOfTwo; }

    [[nodiscard]] VectorXd start(const Law& law) const {
        VectorXd theta(thetas());
        theta[0] = std::log(std::max(law.size_power, kLeastPower));
        theta[1] = std::log(std::max(law.data_power, kLeastPower));
        if (repeats_) {
            theta[2] = std::log(std::max(law.repeat_scale, kLeastRepeats));
        }
        return theta;
    }

    [[nodiscard]] LawFit result(const ProjectionFit& fit) const {
        const double a = std::exp(fit.theta[0]);
        const double b = std::exp(fit.theta[1]);
        return {.law = {.floor = fit.coefficients[0],
                        .size_scale = fit.coefficients[1] * std::exp(a * log_size_),
                        .size_power = a,
                        .data_scale = fit.coefficients[2] * std::exp(b * log_bytes_),
                        .data_power = b,
                        .repeat_scale = repeats_ ? std::exp(fit.theta[2]) : 0.0},
                .error = std::sqrt(fit.squares / static_cast<double>(size_.size())),
                .points = static_cast<std::size_t>(size_.size()),
                .free = repeats_ ? std::size_t{6} : std::size_t{5},
                .at_end = {}};
    }

    // Leverages: the diagonal of J (J'J)^-1 J', J the derivatives of the relative predictions by all
    // parameters.
    [[nodiscard]] VectorXd leverages(const Law& law) const {
        ProjectionBasis basis;
        basis.columns.resize(size_.size(), 3);
        basis.derivatives.resize(size_.size(), thetas());
        fill(start(law), basis);
        MatrixXd jacobian(size_.size(), 3 + thetas());
        jacobian << basis.columns, basis.derivatives;
        // Columns of equal length, since one of them may be all but zero.
        for (Index j = 0; j < jacobian.cols(); ++j) {
            const double norm = jacobian.col(j).norm();
            jacobian.col(j) /= norm > 0.0 ? norm : 1.0;
        }
        const MatrixXd gram = jacobian.transpose() * jacobian;
        const MatrixXd solved = gram.ldlt().solve(jacobian.transpose());
        return (jacobian.array() * solved.transpose().array()).rowwise().sum();
    }

   private:
    [[nodiscard]] Index thetas() const { return repeats_ ? 3 : 2; }

    void fill(const VectorXd& theta, ProjectionBasis& basis) const {
        const double a = std::exp(theta[0]);
        const double b = std::exp(theta[1]);
        const double scale = repeats_ ? std::exp(theta[2]) : 0.0;
        for (Index i = 0; i < size_.size(); ++i) {
            double data = bytes_[i];
            double by_scale = 0.0;  // d log D' / d log R*
            if (repeats_ && surplus_[i] > 0.0) {
                const double decay = std::exp(-surplus_[i] / scale);
                const double times = 1.0 + scale * (1.0 - decay);  // D' / U
                data = unique_[i] + std::log(times);
                by_scale = (scale * (1.0 - decay) - surplus_[i] * decay) / times;
            }
            basis.columns(i, 0) = weight_[i];
            basis.columns(i, 1) = weight_[i] * std::exp(-a * size_[i]);
            basis.columns(i, 2) = weight_[i] * std::exp(-b * data);
            basis.derivatives(i, 0) = -a * size_[i] * basis.columns(i, 1);
            basis.derivatives(i, 1) = -b * data * basis.columns(i, 2);
            if (repeats_) {
                basis.derivatives(i, 2) = -b * by_scale * basis.columns(i, 2);
            }
        }
    }

    bool repeats_;
    double log_size_;   // log N0
    double log_bytes_;  // log U0
    VectorXd weight_;
    VectorXd size_;
    VectorXd bytes_;
    VectorXd unique_;
    VectorXd surplus_;  // R
    ProjectionProblem problem_;
};

// "b = 0.379, outside its interval 0.185 to 0.374": the Huber fit's values that lie outside by more than can
// be seen.
std::string outside_text(const LawFit& fit, const LawFit& huber, std::span<const Law> bootstrap) {
    const auto shown = [](double value) {
        std::array<char, 32> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "%.3g", value);
        return std::string(buffer.data());
    };
    std::string text;
    const auto check = [&](const char* name, double Law::*field) {
        const Interval interval = interval_of(fit.law, bootstrap, [=](const Law& law) { return law.*field; });
        const double value = huber.law.*field;
        const double inside = std::clamp(value, interval.low, interval.high);
        if (interval.has_bounds() && shown(value) != shown(inside)) {
            text += text_of(text.empty() ? "" : "; ", name, " = ", shown(value), ", outside its interval ",
                            shown(interval.low), " to ", shown(interval.high));
        }
    };
    check("E", &Law::floor);
    check("A", &Law::size_scale);
    check("a", &Law::size_power);
    check("B", &Law::data_scale);
    check("b", &Law::data_power);
    return text;
}

}  // namespace

LawFit fit_law(std::span<const LawPoint> points) {
    require_enough(points);
    const LawProblem law(points);
    return law.result(search_projection(law.problem(), law.grid()));
}

LawFit refit_law(std::span<const LawPoint> points, const Law& start) {
    require_enough(points);
    const LawProblem law(points);
    return law.result(refine_projection(law.problem(), law.start(start)));
}

std::vector<double> modified_residuals(std::span<const LawPoint> points, const LawFit& fit) {
    require_enough(points);
    const VectorXd leverage = LawProblem(points).leverages(fit.law);
    std::vector<double> residuals;
    double mean = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        // A run that the fit follows wherever it goes has no residual; the bound keeps the division finite.
        const double share = std::max(1.0 - leverage[static_cast<Index>(i)], 0.05);
        residuals.push_back(std::log(points[i].bits / fit.law.bits(points[i])) / std::sqrt(share));
        mean += residuals[i] / static_cast<double>(points.size());
    }
    for (double& residual : residuals) {
        residual -= mean;
    }
    return residuals;
}

std::vector<Law> bootstrap_laws(std::span<const LawPoint> points, std::span<const std::size_t> groups,
                                const LawFit& fit, std::size_t count, std::uint64_t seed) {
    BITLAW_ASSERT(groups.size() == points.size());
    const std::vector<double> residuals = modified_residuals(points, fit);
    std::vector<double> predicted;
    for (const LawPoint& point : points) {
        predicted.push_back(fit.law.bits(point));
    }
    Random random(seed);
    std::vector<double> signs(groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1);
    std::vector<LawPoint> resampled(points.begin(), points.end());
    std::vector<Law> laws;
    laws.reserve(count);
    for (std::size_t sample = 0; sample < count; ++sample) {
        for (double& sign : signs) {
            sign = random.below(2) == 0 ? 1.0 : -1.0;
        }
        for (std::size_t i = 0; i < resampled.size(); ++i) {
            resampled[i].bits = predicted[i] * std::exp(signs[groups[i]] * residuals[i]);
        }
        laws.push_back(refit_law(resampled, fit.law).law);
    }
    return laws;
}

std::vector<std::string> law_doubts(const LawFit& fit, const LawFit& huber, std::span<const Law> bootstrap) {
    std::vector<std::string> doubts;
    const auto check = [&](const char* name, double value, double least, double greatest) {
        constexpr double kNear = 1e-6;  // relative; exp(log) need not give the bound back
        if (value <= least * (1.0 + kNear) || value >= greatest * (1.0 - kNear)) {
            doubts.push_back(text_of(name, " = ", value, " is an end of the range that is searched (", least,
                                     " to ", greatest, "), so the runs do not determine it"));
        }
    };
    check("a", fit.law.size_power, kLeastPower, kGreatestPower);
    check("b", fit.law.data_power, kLeastPower, kGreatestPower);
    if (fit.repeats()) {
        check("R*", fit.law.repeat_scale, kLeastRepeats, kGreatestRepeats);
    }
    if (fit.law.floor == 0.0) {
        doubts.emplace_back(
            "E = 0, so the runs determine no floor, and rates far beyond them may be too low");
    }
    const auto count = [&](double Law::*scale, const char* consequence) {
        const auto without = std::count_if(bootstrap.begin(), bootstrap.end(),
                                           [=](const Law& law) { return law.*scale == 0.0; });
        if (without > 0) {
            doubts.push_back(
                text_of("in ", without, " of ", bootstrap.size(), " resampled studies ", consequence));
        }
    };
    count(&Law::size_scale, "the rates do not fall with N (A = 0), and the best N is 0");
    count(&Law::data_scale, "the rates do not fall with D (B = 0)");
    count(&Law::floor, "there is no floor (E = 0)");
    if (!huber.at_end.empty()) {
        doubts.push_back(text_of("the Huber fit has ", huber.at_end,
                                 " at an end of the range that it searches, so it determines no such value"));
    }
    if (const std::string outside = outside_text(fit, huber, bootstrap); !outside.empty()) {
        doubts.push_back("the Huber fit gives " + outside);
    }
    return doubts;
}

double quantile(std::vector<double>& values, double share) {
    BITLAW_ASSERT(!values.empty());
    std::sort(values.begin(), values.end());
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace bitlaw::laws
