#pragma once
/// \file The table of forms, and a law of any of them.

#include <span>
#include <string>
#include <vector>

#include "bitlaw/laws/law.hpp"
#include "bitlaw/laws/law_form.hpp"

namespace bitlaw::laws {

/// Range of R* that is searched: Muennighoff et al. 2023 find 15.4.
inline constexpr double kLeastRepeats = 0.2;
inline constexpr double kGreatestRepeats = 1000.0;

/// All forms, the additive first.
[[nodiscard]] std::span<const LawForm> law_forms();

/// A form with values.
struct FormLaw {
    const LawForm* form = nullptr;
    std::vector<double> search;  ///< search values, and log R* where it has one
    FormCentre centre;
    double no_model = 8;

    /// R*, 0 where there is none: every byte counts as new.
    [[nodiscard]] double repeat_scale() const;
    /// Bits per byte of a model of N parameters after D bytes of which U are different.
    [[nodiscard]] double bits(double parameters, double bytes, double unique) const;
    [[nodiscard]] double bits(const LawPoint& point) const {
        return bits(point.parameters, point.bytes, point.unique);
    }
    /// The parameters as the formula has them, then R* where there is one, and their names.
    [[nodiscard]] std::vector<double> values() const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// Those of them that lie at an end of the range that is searched.
    [[nodiscard]] std::vector<std::string> at_end() const;
};

/// A law of the additive form with the given parameters.
[[nodiscard]] FormLaw form_law(const Law& law);

/// A law with search values that are not centred, so of the parameters as the formula has them, and R* where
/// it is above 0.
[[nodiscard]] FormLaw form_law(const LawForm& form, std::span<const double> search, double repeat_scale,
                               double no_model = 8);

/// Bytes of archive and model for each of the S bytes coded: bits(N, D, U) / 8 + bytes_per_parameter N / S.
[[nodiscard]] double adjusted_rate(const FormLaw& law, const LawPoint& trained, double coded_bytes,
                                   double bytes_per_parameter);

/// The N that minimises it at D and U of `trained`, found numerically between 10 and 10^16. Class B.
[[nodiscard]] double adjusted_optimum(const FormLaw& law, const LawPoint& trained, double coded_bytes,
                                      double bytes_per_parameter);
/// The same for bytes that are all different.
[[nodiscard]] double adjusted_optimum(const FormLaw& law, double trained_bytes, double coded_bytes,
                                      double bytes_per_parameter);

/// N that minimises L(N, D) at D = flops / operations.at(N), all bytes different, found numerically. Class B.
[[nodiscard]] double compute_optimum(const FormLaw& law, double flops, const ByteOperations& operations);

}  // namespace bitlaw::laws
