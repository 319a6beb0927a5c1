#pragma once
/// \file What a form of scaling law is: a formula with parameters.

#include <vector>

namespace bitlaw::laws {

/// Centres of the logarithms in which a form is searched: means over the runs, so that scales and powers do
/// not depend on each other.
struct FormCentre {
    double size = 0;  ///< of log N
    double data = 0;  ///< of log D
};

/// A run in logarithms about the centre.
struct FormPlace {
    double size = 0;      ///< log N
    double data = 0;      ///< log D', effective bytes
    double trained = 0;   ///< log D, repeats included
    double unique = 0;    ///< log U
    double no_model = 8;  ///< L0: bits per byte without any model
};

/// A parameter as it is searched: its logarithm, or itself.
struct FormParameter {
    const char* name;
    bool is_logarithm;
    double low;  ///< ends of the range that is searched
    double high;
};

/// A start of the search, from the additive law: E, A / N0^a, a, B / D0^b, b, and L0.
struct FormStart {
    double floor = 0;
    double of_size = 0;
    double size_power = 0;
    double of_data = 0;
    double data_power = 0;
    double no_model = 8;
};

/// A law's form. A new one is a file in src/laws/forms/ and a line in form_law.cpp.
struct LawForm {
    const char* key;                        ///< "additive"
    const char* formula;                    ///< "E + A / N^a + B / D'^b"
    bool has_repeats;                       ///< it sees repeated bytes as D' and so has R*
    std::vector<FormParameter> parameters;  ///< without R*; the first is E
    /// Bits per byte at search values [parameters]; writes its derivatives by them to slopes [parameters] and
    /// by log D' to by_data.
    double (*bits)(const double* search, const FormPlace& place, double* slopes, double* by_data);
    /// Search values [parameters] to begin at, several for a form with several hollows.
    std::vector<std::vector<double>> (*starts)(const FormStart& start);
    /// The parameters as the formula has them, of N and D instead of N / N0 and D / D0: written to
    /// values [parameters].
    void (*natural)(const double* search, const FormCentre& centre, double* values);
};

}  // namespace bitlaw::laws
