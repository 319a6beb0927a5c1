#pragma once
/// \file Variable projection: separable least squares with non-negative linear coefficients.

#include <functional>
#include <vector>

#include <Eigen/Core>

namespace bitlaw::laws {

/// Columns [n, k] of a separable model, y ~ columns(theta) * c, and their derivatives by each theta: a theta
/// moves one column only.
struct ProjectionBasis {
    Eigen::MatrixXd columns;              ///< [n, k]
    Eigen::MatrixXd derivatives;          ///< [n, thetas]
    std::vector<Eigen::Index> column_of;  ///< [thetas]: the column that a theta moves
};

/// Fills the basis for thetas; its sizes are set.
using BasisFunction = std::function<void(const Eigen::VectorXd& theta, ProjectionBasis& basis)>;

struct ProjectionProblem {
    Eigen::VectorXd target;  ///< y [n], already weighted, as the columns are
    BasisFunction basis;
    Eigen::Index columns = 0;  ///< k
    std::vector<Eigen::Index> column_of;
    Eigen::VectorXd low;  ///< bounds of the thetas
    Eigen::VectorXd high;
};

struct ProjectionFit {
    Eigen::VectorXd theta;
    Eigen::VectorXd coefficients;  ///< c >= 0 [k]
    double squares = 0;            ///< sum of squares of the residuals
};

/// min |y - X c|^2 with c >= 0 for a few columns: the best feasible one of all subsets. Exact up to rounding.
[[nodiscard]] Eigen::VectorXd nonnegative_solution(const Eigen::MatrixXd& columns,
                                                   const Eigen::VectorXd& target);

/// From a start by Levenberg-Marquardt on the projected residuals, inside the bounds.
[[nodiscard]] ProjectionFit refine_projection(const ProjectionProblem& problem, const Eigen::VectorXd& start);

/// From the best points of a regular grid of `steps` values a theta over the bounds.
[[nodiscard]] ProjectionFit search_projection(const ProjectionProblem& problem, int steps);

}  // namespace bitlaw::laws
