#include "bitlaw/laws/form_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;

// Small enough for the stack: no form has more parameters, R* included.
constexpr int kMostSearched = 17;
using Searched = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMostSearched, 1>;
using Square = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMostSearched, kMostSearched>;

constexpr double kDelta = 1e-3;  // Huber's, as Hoffmann et al. have it
// A run counts as repeating its bytes from here on, as in fit_law().
constexpr double kRepeats = 1.01;
constexpr std::size_t kMovedStarts = 8;
constexpr double kStartMove = 0.5;  // standard deviation of a moved start's search values
constexpr std::uint64_t kStartSeed = 77;

double huber(double r) {
    const double size = std::abs(r);
    return size <= kDelta ? 0.5 * r * r : kDelta * (size - 0.5 * kDelta);
}

// The runs of a form, centred, with the derivative of log D' by log R*.
class FormProblem {
   public:
    FormProblem(const LawForm& form, std::span<const LawPoint> points, double no_model, FormCentre centre)
        : form_(form), points_(points), no_model_(no_model), centre_(centre), low_(), high_() {
        repeats_ = form.has_repeats && std::any_of(points.begin(), points.end(), [](const LawPoint& p) {
                       return p.bytes > kRepeats * p.unique;
                   });
        const auto count = static_cast<Index>(form.parameters.size() + (repeats_ ? 1 : 0));
        BITLAW_ASSERT(count <= kMostSearched);
        low_.resize(count);
        high_.resize(count);
        for (std::size_t q = 0; q < form.parameters.size(); ++q) {
            low_[static_cast<Index>(q)] = form.parameters[q].low;
            high_[static_cast<Index>(q)] = form.parameters[q].high;
        }
        if (repeats_) {
            low_[count - 1] = std::log(kLeastRepeats);
            high_[count - 1] = std::log(kGreatestRepeats);
        }
        for (const LawPoint& p : points) {
            places_.push_back({.size = std::log(p.parameters) - centre.size,
                               .data = std::log(p.bytes) - centre.data,
                               .trained = std::log(p.bytes) - centre.data,
                               .unique = std::log(p.unique) - centre.data,
                               .no_model = no_model});
        }
    }
    FormProblem(const FormProblem&) = delete;
    FormProblem& operator=(const FormProblem&) = delete;

    [[nodiscard]] bool repeats() const { return repeats_; }
    [[nodiscard]] Index count() const { return low_.size(); }
    [[nodiscard]] const Searched& low() const { return low_; }
    [[nodiscard]] const Searched& high() const { return high_; }

    // Predicted bits of a run; slopes [count] are its derivatives by the search values.
    double predicted(std::size_t i, const Searched& search, Searched& slopes) const {
        FormPlace place = places_[i];
        double by_scale = 0.0;  // d log D' / d log R*
        const double surplus = points_[i].bytes / points_[i].unique - 1.0;
        if (repeats_ && surplus > 0.0) {
            const double scale = std::exp(search[count() - 1]);
            const double decay = std::exp(-surplus / scale);
            const double times = 1.0 + scale * (1.0 - decay);  // D' / U
            place.data = place.unique + std::log(times);
            by_scale = (scale * (1.0 - decay) - surplus * decay) / times;
        }
        double by_data = 0.0;
        const double bits = form_.bits(search.data(), place, slopes.data(), &by_data);
        if (repeats_) {
            slopes[count() - 1] = by_data * by_scale;
        }
        return bits;
    }

    // The objective; fills the (reweighted) normal equations when they are wanted.
    double objective(FitLoss loss, const Searched& search, Square* gram, Searched* descent) const {
        Searched slopes(count());
        if (gram != nullptr) {
            gram->setZero(count(), count());
            descent->setZero(count());
        }
        double sum = 0;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            const double measured = points_[i].bits;
            const double bits = predicted(i, search, slopes);
            double residual = 1.0 - bits / measured;
            double weight = 1.0;
            double unit = 1.0 / measured;  // of a slope, in the residual's measure
            if (loss == FitLoss::huber) {
                residual = std::log(measured / bits);
                unit = 1.0 / bits;
                weight = std::abs(residual) <= kDelta ? 1.0 : kDelta / std::abs(residual);
                sum += huber(residual);
            } else {
                sum += residual * residual;
            }
            if (gram != nullptr) {
                slopes *= unit;
                gram->noalias() += weight * slopes * slopes.transpose();
                *descent += weight * residual * slopes;
            }
        }
        return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
    }

    [[nodiscard]] FormFit result(const Searched& search) const {
        FormFit fit{.law = {&form_, {search.begin(), search.end()}, centre_, no_model_},
                    .error = std::sqrt(objective(FitLoss::squares, search, nullptr, nullptr) /
                                       static_cast<double>(points_.size())),
                    .points = points_.size(),
                    .free = static_cast<std::size_t>(count()),
                    .at_end = {}};
        fit.at_end = fit.law.at_end();
        return fit;
    }

   private:
    const LawForm& form_;
    std::span<const LawPoint> points_;
    double no_model_;
    FormCentre centre_;
    bool repeats_ = false;
    std::vector<FormPlace> places_;
    Searched low_;
    Searched high_;
};

struct Found {
    Searched search;
    double value;
};

// Levenberg-Marquardt inside the bounds, weights renewed each step; what a bound holds back is left out of
// the step, so that it does not bend the others'.
Found descend(const FormProblem& problem, FitLoss loss, Searched search, int most_steps) {
    constexpr double kLeastGain = 1e-9;  // relative
    constexpr int kIdle = 4;
    search = search.cwiseMax(problem.low()).cwiseMin(problem.high());
    double damping = 1e-2;
    Square gram;
    Searched descent;
    double value = problem.objective(loss, search, &gram, &descent);
    int idle = 0;
    for (int step = 0; step < most_steps && damping < 1e10 && idle < kIdle; ++step) {
        Square damped = gram;
        Searched slope = descent;
        damped.diagonal().array() += damping * gram.diagonal().array() + 1e-14;
        for (Index q = 0; q < search.size(); ++q) {
            const bool is_held = (search[q] <= problem.low()[q] && slope[q] < 0.0) ||
                                 (search[q] >= problem.high()[q] && slope[q] > 0.0);
            if (is_held) {
                damped.row(q).setZero();
                damped.col(q).setZero();
                damped(q, q) = 1.0;
                slope[q] = 0.0;
            }
        }
        Searched tried = search + Searched(damped.ldlt().solve(slope));
        const bool is_finite = tried.allFinite();
        tried = tried.cwiseMax(problem.low()).cwiseMin(problem.high());
        const double tried_value = is_finite ? problem.objective(loss, tried, nullptr, nullptr)
                                             : std::numeric_limits<double>::infinity();
        if (tried_value < value) {
            idle = value - tried_value < kLeastGain * value ? idle + 1 : 0;
            search = tried;
            value = problem.objective(loss, search, &gram, &descent);
            damping *= 0.2;
        } else {
            damping *= 5.0;
        }
    }
    return {search, value};
}

constexpr int kSteps = 400;

FormStart start_of(const Law& law, const FormCentre& centre, double no_model, double mean_bits) {
    // A law without a term still has to give the search something to begin with.
    const auto positive = [&](double value) { return std::max(value, 0.02 * mean_bits); };
    return {.floor = positive(law.floor),
            .of_size = positive(law.size_scale * std::exp(-law.size_power * centre.size)),
            .size_power = law.size_power,
            .of_data = positive(law.data_scale * std::exp(-law.data_power * centre.data)),
            .data_power = law.data_power,
            .no_model = no_model};
}

Searched start_values(const FormProblem& problem, const std::vector<double>& values, double repeat_scale) {
    Searched search(problem.count());
    for (std::size_t q = 0; q < values.size(); ++q) {
        search[static_cast<Index>(q)] = values[q];
    }
    if (problem.repeats()) {
        search[problem.count() - 1] = std::log(std::max(repeat_scale, kLeastRepeats));
    }
    return search;
}

// J [runs, parameters], J the derivatives of the relative predictions, columns of unit length; the diagonal
// of J (J'J)^-1 J'.
Eigen::VectorXd leverages(const FormProblem& problem, const Searched& search, std::size_t runs) {
    Eigen::MatrixXd jacobian(static_cast<Index>(runs), problem.count());
    Searched slopes(problem.count());
    for (std::size_t i = 0; i < runs; ++i) {
        const double bits = problem.predicted(i, search, slopes);
        jacobian.row(static_cast<Index>(i)) = slopes.transpose() / bits;
    }
    for (Index q = 0; q < jacobian.cols(); ++q) {
        const double norm = jacobian.col(q).norm();
        jacobian.col(q) /= norm > 0.0 ? norm : 1.0;
    }
    const Eigen::MatrixXd gram = jacobian.transpose() * jacobian;
    const Eigen::MatrixXd solved = gram.ldlt().solve(jacobian.transpose());
    return (jacobian.array() * solved.transpose().array()).rowwise().sum();
}

}  // namespace

FormFit fit_form(const LawForm& form, std::span<const LawPoint> points, FitLoss loss, double no_model) {
    const LawFit additive = fit_law(points);  // also refuses what cannot be fitted
    FormCentre centre;
    double mean_bits = 0;
    for (const LawPoint& p : points) {
        const double share = 1.0 / static_cast<double>(points.size());
        centre.size += share * std::log(p.parameters);
        centre.data += share * std::log(p.bytes);
        mean_bits += share * p.bits;
    }
    const FormProblem problem(form, points, no_model, centre);
    Random random(kStartSeed);
    Found best{{}, std::numeric_limits<double>::infinity()};
    for (const std::vector<double>& values :
         form.starts(start_of(additive.law, centre, no_model, mean_bits))) {
        const Searched start = start_values(problem, values, additive.law.repeat_scale);
        for (std::size_t moved = 0; moved <= kMovedStarts; ++moved) {
            Searched search = start;
            for (Index q = 0; moved > 0 && q < search.size(); ++q) {
                search[q] += kStartMove * random.normal();
            }
            Found found = descend(problem, FitLoss::squares, search, kSteps);
            if (found.value < best.value) {
                best = std::move(found);
            }
        }
    }
    if (loss == FitLoss::huber) {
        const Found squares = best;
        best = descend(problem, loss, squares.search, kSteps);
        for (std::size_t moved = 0; moved < kMovedStarts; ++moved) {
            Searched search = squares.search;
            for (Index q = 0; q < search.size(); ++q) {
                search[q] += kStartMove * random.normal();
            }
            Found found = descend(problem, loss, search, kSteps);
            if (found.value < best.value) {
                best = std::move(found);
            }
        }
    }
    if (!std::isfinite(best.value)) {
        fail("the form ", form.formula, " cannot be fitted to these runs");
    }
    return problem.result(best.search);
}

FormFit refit_form(std::span<const LawPoint> points, const FormLaw& start, FitLoss loss) {
    const FormProblem problem(*start.form, points, start.no_model, start.centre);
    const std::vector<double> values(
        start.search.begin(),
        start.search.begin() + static_cast<std::ptrdiff_t>(start.form->parameters.size()));
    const Searched search = start_values(problem, values, start.repeat_scale());
    return problem.result(descend(problem, loss, search, kSteps).search);
}

double cell_criterion(std::span<const LawPoint> points, std::span<const std::size_t> cells,
                      const FormFit& fit) {
    BITLAW_ASSERT(cells.size() == points.size());
    std::map<std::size_t, std::pair<double, double>> sums;  // squares, runs
    for (std::size_t i = 0; i < points.size(); ++i) {
        const double residual = 1.0 - fit.law.bits(points[i]) / points[i].bits;
        sums[cells[i]].first += residual * residual;
        sums[cells[i]].second += 1.0;
    }
    const auto n = static_cast<double>(sums.size());
    double mean = 0;
    for (const auto& [cell, sum] : sums) {
        mean += sum.first / sum.second / n;
    }
    return n * std::log(mean) + static_cast<double>(fit.free) * std::log(n);
}

std::vector<double> modified_residuals(std::span<const LawPoint> points, const FormLaw& law) {
    const FormProblem problem(*law.form, points, law.no_model, law.centre);
    Searched search(problem.count());
    for (Index q = 0; q < search.size(); ++q) {
        search[q] = law.search[static_cast<std::size_t>(q)];
    }
    const Eigen::VectorXd leverage = leverages(problem, search, points.size());
    std::vector<double> residuals;
    double mean = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        // A run that the fit follows wherever it goes has no residual; the bound keeps the division finite.
        const double share = std::max(1.0 - leverage[static_cast<Index>(i)], 0.05);
        residuals.push_back(std::log(points[i].bits / law.bits(points[i])) / std::sqrt(share));
        mean += residuals[i] / static_cast<double>(points.size());
    }
    for (double& residual : residuals) {
        residual -= mean;
    }
    return residuals;
}

std::vector<FormLaw> bootstrap_forms(std::span<const LawPoint> points, std::span<const std::size_t> cells,
                                     const FormLaw& law, std::size_t count, std::uint64_t seed) {
    BITLAW_ASSERT(cells.size() == points.size());
    const std::vector<double> residuals = modified_residuals(points, law);
    Random random(seed);
    std::vector<double> signs(cells.empty() ? 0 : *std::max_element(cells.begin(), cells.end()) + 1);
    std::vector<LawPoint> resampled(points.begin(), points.end());
    std::vector<FormLaw> laws;
    laws.reserve(count);
    for (std::size_t sample = 0; sample < count; ++sample) {
        for (double& sign : signs) {
            sign = random.below(2) == 0 ? 1.0 : -1.0;
        }
        for (std::size_t i = 0; i < resampled.size(); ++i) {
            resampled[i].bits = law.bits(points[i]) * std::exp(signs[cells[i]] * residuals[i]);
        }
        laws.push_back(refit_form(resampled, law, FitLoss::squares).law);
    }
    return laws;
}

}  // namespace bitlaw::laws
