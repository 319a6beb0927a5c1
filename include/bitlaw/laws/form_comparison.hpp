#pragma once
/// \file All forms fitted to the same runs, side by side.

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "bitlaw/laws/law_profiles.hpp"

namespace bitlaw::laws {

/// What one form makes of the runs.
struct FormResult {
    FormFit fit;                     ///< least squares
    FormFit huber;                   ///< the cross-check
    std::vector<FormLaw> bootstrap;  ///< bootstrap_forms() of the least squares
    std::vector<Extrapolation> extrapolation;
    double hold_out = 0;   ///< hold_out_error() of them: what forms are ranked by
    double criterion = 0;  ///< cell_criterion()
};

struct ComparisonOptions {
    std::size_t bootstrap = 500;
    std::uint64_t seed = 1;
    double no_model = 8;  ///< L0, in the unit of the runs' bits
};

/// Every form of law_forms(), the one with the smallest hold-out error first; where no run can be left out,
/// the smallest criterion. Forms with more parameters than the runs determine are left out. `cells`: a number
/// for each run, equal within a cell. Throws Error when not even the additive law can be fitted. Class B.
[[nodiscard]] std::vector<FormResult> compare_forms(std::span<const ProfileRun> runs,
                                                    std::span<const std::size_t> cells,
                                                    const ComparisonOptions& options);

/// Least and greatest of a figure over the forms.
struct FormRange {
    double low = 0;
    double high = 0;
};

/// The range of figure(law) over the forms' least squares.
template <class Figure>
[[nodiscard]] FormRange range_over(std::span<const FormResult> forms, const Figure& figure) {
    FormRange range{INFINITY, -INFINITY};
    for (const FormResult& form : forms) {
        const double value = figure(form.fit.law);
        range.low = std::min(range.low, value);
        range.high = std::max(range.high, value);
    }
    return range;
}

}  // namespace bitlaw::laws
