#include "bitlaw/laws/law_fit.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/form_law.hpp"
#include "fit_projection.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// Exponents that are looked for. Hoffmann et al. find about 0.3.
constexpr double kLeastPower = 0.01;
constexpr double kGreatestPower = 3.0;
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

double quantile(std::vector<double>& values, double share) {
    BITLAW_ASSERT(!values.empty());
    std::sort(values.begin(), values.end());
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace bitlaw::laws
