#pragma once
/// \file Fits of any form of law, resampled studies, and what they are compared by.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/laws/form_law.hpp"
#include "bitlaw/laws/law_fit.hpp"

namespace bitlaw::laws {

/// What a fit minimises: the squares of (measured - predicted) / measured, or Huber(log predicted - log
/// measured) with delta = 0.001 (Hoffmann et al. 2022, section D.2).
enum class FitLoss { squares, huber };

struct FormFit {
    FormLaw law;
    double error = 0;                 ///< root of the mean square of (measured - predicted) / measured
    std::size_t points = 0;           ///< runs fitted
    std::size_t free = 0;             ///< parameters fitted, R* among them where runs repeat their bytes
    std::vector<std::string> at_end;  ///< parameters at an end of the range that is searched
};

/// Levenberg-Marquardt on the parameters of the form, and R* where it has one and runs repeat their bytes,
/// from the additive law's least squares (fit_law) in the form's own variations and those moved at random;
/// for Huber reweighted, from the least squares of the form. `no_model`: L0. Throws Error when the points are
/// too few. Class B, a pure function of the points.
[[nodiscard]] FormFit fit_form(const LawForm& form, std::span<const LawPoint> points, FitLoss loss,
                               double no_model = 8);

/// The same from one start: fit_form's result for data that differ a little.
[[nodiscard]] FormFit refit_form(std::span<const LawPoint> points, const FormLaw& start, FitLoss loss);

/// n log(s) + k log(n) (Schwarz 1978) for n cells and k parameters, s the mean over cells of the mean squares
/// of relative residuals within: runs of a cell share what the law misses there, so they count once.
/// `cells`: a number for each run, equal within a cell.
[[nodiscard]] double cell_criterion(std::span<const LawPoint> points, std::span<const std::size_t> cells,
                                    const FormFit& fit);

/// Log residuals, log(measured / predicted), of the runs, each divided by sqrt(1 - h) with h its leverage,
/// and centred: the modified residuals of Davison and Hinkley 1997, section 6.3. Class B.
[[nodiscard]] std::vector<double> modified_residuals(std::span<const LawPoint> points, const FormLaw& law);

/// Laws fitted to `count` resampled studies: predictions of `law` times e^r, which is above zero for any r, r
/// the runs' modified residuals, those of a cell all as they are or all with the other sign, by a coin for
/// each cell (residual bootstrap by signs: Wu 1986; of groups: Cameron, Gelbach and Miller 2008). Where the
/// law misses a cell it misses all its runs alike, and drawing runs one by one would take that for noise
/// that averages out. Class B, a pure function of the seed.
[[nodiscard]] std::vector<FormLaw> bootstrap_forms(std::span<const LawPoint> points,
                                                   std::span<const std::size_t> cells, const FormLaw& law,
                                                   std::size_t count, std::uint64_t seed);

/// What keeps the law from being trusted, a sentence each: parameters at an end of the range that is
/// searched, and a Huber fit that lies outside the intervals.
[[nodiscard]] std::vector<std::string> form_doubts(const FormFit& fit, const FormFit& huber,
                                                   std::span<const FormLaw> bootstrap);

}  // namespace bitlaw::laws
