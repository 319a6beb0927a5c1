#include "fit_projection.hpp"

#include <algorithm>
#include <limits>

#include <Eigen/Cholesky>

#include "bitlaw/base/error.hpp"

namespace bitlaw::laws {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

ProjectionBasis sized_basis(const ProjectionProblem& problem) {
    const Index n = problem.target.size();
    ProjectionBasis basis;
    basis.columns.resize(n, problem.columns);
    basis.derivatives.resize(n, static_cast<Index>(problem.column_of.size()));
    basis.column_of = problem.column_of;
    return basis;
}

// The columns whose coefficient is not zero.
MatrixXd active_columns(const MatrixXd& columns, const VectorXd& coefficients) {
    MatrixXd active(columns.rows(), (coefficients.array() > 0.0).count());
    Index next = 0;
    for (Index j = 0; j < columns.cols(); ++j) {
        if (coefficients[j] > 0.0) {
            active.col(next++) = columns.col(j);
        }
    }
    return active;
}

// A point of the search: everything that a step from it needs.
struct Place {
    ProjectionFit fit;
    VectorXd residual;  // y - X c [n]
};

Place place_at(const ProjectionProblem& problem, const VectorXd& theta, ProjectionBasis& basis) {
    problem.basis(theta, basis);
    Place place;
    place.fit.theta = theta;
    place.fit.coefficients = nonnegative_solution(basis.columns, problem.target);
    place.residual = problem.target - basis.columns * place.fit.coefficients;
    place.fit.squares = place.residual.squaredNorm();
    return place;
}

// Kaufman's Jacobian of the projected residuals, without its sign: P (dX/dtheta c), P the projection onto the
// complement of the active columns.
MatrixXd projected_jacobian(const ProjectionBasis& basis, const VectorXd& coefficients) {
    MatrixXd jacobian = basis.derivatives;
    for (Index q = 0; q < jacobian.cols(); ++q) {
        jacobian.col(q) *= coefficients[basis.column_of[static_cast<std::size_t>(q)]];
    }
    const MatrixXd active = active_columns(basis.columns, coefficients);
    if (active.cols() > 0) {
        const MatrixXd gram = active.transpose() * active;
        jacobian -= active * gram.ldlt().solve(active.transpose() * jacobian);
    }
    return jacobian;
}

}  // namespace

VectorXd nonnegative_solution(const MatrixXd& columns, const VectorXd& target) {
    const Index k = columns.cols();
    BITLAW_ASSERT(k >= 1 && k <= 8);
    const MatrixXd gram = columns.transpose() * columns;
    const VectorXd moments = columns.transpose() * target;
    VectorXd best = VectorXd::Zero(k);
    double best_gain = 0.0;  // |y|^2 - |y - X c|^2
    for (unsigned subset = 1; subset < (1U << k); ++subset) {
        std::vector<Index> members;
        for (Index j = 0; j < k; ++j) {
            if ((subset >> j & 1U) != 0) {
                members.push_back(j);
            }
        }
        const VectorXd part = gram(members, members).ldlt().solve(moments(members));
        if (!part.allFinite() || (part.array() < 0.0).any()) {
            continue;
        }
        const double gain = 2.0 * part.dot(moments(members)) - part.dot(gram(members, members) * part);
        if (gain > best_gain) {
            best_gain = gain;
            best.setZero();
            best(members) = part;
        }
    }
    return best;
}

ProjectionFit refine_projection(const ProjectionProblem& problem, const VectorXd& start) {
    constexpr int kMostSteps = 200;
    constexpr double kLeastStep = 1e-9;  // of a theta: far below any interval
    constexpr double kGreatestDamping = 1e12;
    ProjectionBasis basis = sized_basis(problem);
    Place place = place_at(problem, start.cwiseMax(problem.low).cwiseMin(problem.high), basis);
    ProjectionBasis tried_basis = basis;
    double damping = 1e-3;
    for (int step = 0; step < kMostSteps && damping < kGreatestDamping; ++step) {
        const MatrixXd jacobian = projected_jacobian(basis, place.fit.coefficients);
        const MatrixXd gram = jacobian.transpose() * jacobian;
        const VectorXd descent = jacobian.transpose() * place.residual;
        bool is_better = false;
        while (!is_better && damping < kGreatestDamping) {
            MatrixXd damped = gram;
            damped.diagonal() += damping * (gram.diagonal().array() + 1e-12).matrix();
            const VectorXd theta =
                (place.fit.theta + damped.ldlt().solve(descent)).cwiseMax(problem.low).cwiseMin(problem.high);
            if (!theta.allFinite() || (theta - place.fit.theta).cwiseAbs().maxCoeff() < kLeastStep) {
                return place.fit;
            }
            Place tried = place_at(problem, theta, tried_basis);
            is_better = tried.fit.squares < place.fit.squares;
            if (is_better) {
                place = std::move(tried);
                std::swap(basis, tried_basis);
                damping *= 0.2;
            } else {
                damping *= 4.0;
            }
        }
    }
    return place.fit;
}

ProjectionFit search_projection(const ProjectionProblem& problem, int steps) {
    constexpr std::size_t kStarts = 5;
    const Index thetas = problem.low.size();
    ProjectionBasis basis = sized_basis(problem);
    std::vector<ProjectionFit> found;
    std::vector<int> place(static_cast<std::size_t>(thetas), 0);
    while (true) {
        VectorXd theta(thetas);
        for (Index q = 0; q < thetas; ++q) {
            const double share = (place[static_cast<std::size_t>(q)] + 0.5) / steps;
            theta[q] = problem.low[q] + share * (problem.high[q] - problem.low[q]);
        }
        found.push_back(place_at(problem, theta, basis).fit);
        std::size_t digit = 0;
        while (digit < place.size() && ++place[digit] == steps) {
            place[digit++] = 0;
        }
        if (digit == place.size()) {
            break;
        }
    }
    const auto less = [](const ProjectionFit& a, const ProjectionFit& b) { return a.squares < b.squares; };
    const std::size_t starts = std::min(kStarts, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(starts), found.end(), less);
    ProjectionFit best = refine_projection(problem, found.front().theta);
    for (std::size_t i = 1; i < starts; ++i) {
        ProjectionFit fit = refine_projection(problem, found[i].theta);
        if (less(fit, best)) {
            best = std::move(fit);
        }
    }
    return best;
}

}  // namespace bitlaw::laws
