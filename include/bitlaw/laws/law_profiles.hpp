#pragma once
/// \file What measured runs say besides the law: power laws in one variable, profiles of equal operations,
/// extrapolation.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/laws/form_fit.hpp"

namespace bitlaw::laws {

/// y = floor + scale x^-power, floor >= 0.
struct PowerLaw {
    double floor = 0;
    double scale = 0;
    double power = 0;
    double error = 0;  ///< root of the mean square of (measured - fitted) / measured
    std::size_t points = 0;
    [[nodiscard]] double at(double x) const;
};

/// Relative least squares by variable projection. With `has_floor` false the floor is 0. Needs 4 values of x
/// (3 without a floor), x and y above zero; throws Error for fewer.
[[nodiscard]] PowerLaw fit_power(std::span<const double> x, std::span<const double> y, bool has_floor);

/// A run and its operations.
struct ProfileRun {
    LawPoint point;
    double flops = 0;  ///< of training
};

/// One profile: the sizes that a number of operations can train, and where the best lies.
struct Profile {
    double flops = 0;
    std::vector<double> parameters;  ///< N
    std::vector<double> bits;        ///< at `flops`, between runs of that N
    double best_parameters = 0;      ///< where a smooth line through them is least
    double best_bits = 0;
    int end = 0;  ///< -1: the smallest of the sizes is best, so that a smaller one may be; 1: the largest
};

/// Profiles at `count` numbers of operations, evenly spaced in their logarithm between those that four sizes
/// cover (Hoffmann et al. 2022, approach 2): the rate of a size is a SmoothLine over log operations
/// through its runs, of which only those count that no cheaper run of that size betters; the least point is
/// that of a SmoothLine over log N. Profiles of fewer than 4 sizes are left out.
[[nodiscard]] std::vector<Profile> isoflop_profiles(std::span<const ProfileRun> runs, std::size_t count);

/// How well the law predicts runs that it was not fitted to.
struct Extrapolation {
    std::string left_out;       ///< which runs
    std::size_t fitted = 0;     ///< runs
    std::size_t predicted = 0;  ///< runs
    double mean_error = 0;      ///< mean of (predicted - measured) / measured: its sign is the direction
    double error = 0;           ///< root of its mean square
    double greatest_error = 0;  ///< of its absolute value
};

/// The law fitted to some of the runs only.
struct Sensitivity {
    std::string left_out;  ///< which runs
    FormFit fit;
};

/// What becomes of the law without the smallest size, without the fewest different bytes, and without the
/// runs that repeat their bytes: how much of it is the runs' and how much the choice of runs. Those that
/// leave too few runs to fit are left out.
[[nodiscard]] std::vector<Sensitivity> sensitivities(std::span<const LawPoint> points, const LawForm& form,
                                                     double no_model = 8);

/// The law fitted without the largest size, without the most bytes, and without the costliest tenth of the
/// runs. Those that leave too few runs to fit are left out.
[[nodiscard]] std::vector<Extrapolation> extrapolations(std::span<const ProfileRun> runs, const LawForm& form,
                                                        double no_model = 8);

/// What forms are ranked by: the root of the mean square of the extrapolations' errors; NaN without any.
[[nodiscard]] double hold_out_error(std::span<const Extrapolation> extrapolations);

}  // namespace bitlaw::laws
