#pragma once
/// \file What rounding a network's weights to q bits each costs, and the best size and q together. Class B.

#include <span>
#include <string>
#include <vector>

#include "bitlaw/laws/form_fit.hpp"

namespace bitlaw::laws {

/// A network of N parameters after D bytes, of which U are different, at two precisions.
struct PrecisionPoint {
    double parameters = 0;
    double bytes = 0;
    double unique = 0;
    double bits_per_weight = 0;  ///< q as stored, all included
    double exact_bits = 0;       ///< bits per byte before rounding
    double bits = 0;             ///< and after
    [[nodiscard]] LawPoint run() const { return {parameters, bytes, unique, exact_bits}; }
};

/// Bits per byte that rounding adds to a law. A new form is a line in precision_law.cpp.
struct PrecisionForm {
    const char* key;                          ///< "power"
    const char* formula;                      ///< "c 2^(-a q) N^n D^d"
    std::vector<const char*> names;           ///< of its parameters
    std::vector<std::vector<double>> starts;  ///< search values, of N and D about the runs' means
    /// Added bits per byte; search [names], N and D divided by their means in the runs.
    double (*added)(const double* search, const FormLaw& law, const PrecisionPoint& at, double size,
                    double data);
    bool (*is_logarithm)(std::size_t parameter);  ///< it is searched as its logarithm
};

[[nodiscard]] std::span<const PrecisionForm> precision_forms();

struct PrecisionLaw {
    const PrecisionForm* form = nullptr;
    std::vector<double> search;
    double mean_size = 0;  ///< geometric, of N
    double mean_data = 0;  ///< of D
    /// Bits per byte that rounding adds to the law's network.
    [[nodiscard]] double added(const FormLaw& law, const PrecisionPoint& at) const;
    /// Its parameters as the formula has them about the means of N and D.
    [[nodiscard]] std::vector<double> values() const;
};

struct PrecisionFit {
    PrecisionLaw law;
    double error = 0;     ///< root of the mean square of (measured - predicted) / measured
    double hold_out = 0;  ///< the same of the largest network's points, fitted without them; 0: too few
    std::size_t points = 0;
};

/// Levenberg-Marquardt on (exact + added - measured) / measured over the points. Throws Error when there are
/// fewer points than parameters.
[[nodiscard]] PrecisionFit fit_precision(const PrecisionForm& form, const FormLaw& law,
                                         std::span<const PrecisionPoint> points);

/// Where L(N, D) / 8 + added(N, D, q) / 8 + q N / (8 S) is least, for D = S bytes that are all different.
struct PrecisionOptimum {
    double parameters = 0;
    double bits_per_weight = 0;
    double adjusted = 0;  ///< bytes a byte
    double bits = 0;      ///< raw, bits per byte
};

/// q within low .. high.
[[nodiscard]] PrecisionOptimum precision_optimum(const FormLaw& law, const PrecisionLaw& precision,
                                                 double coded, double low, double high);

}  // namespace bitlaw::laws
