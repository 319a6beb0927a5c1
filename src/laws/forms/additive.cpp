#include <cmath>

#include "forms.hpp"

namespace bitlaw::laws::forms {
namespace {

// Search values: log E, log A / N0^a, log a, log B / D0^b, log b.
double bits(const double* s, const FormPlace& place, double* slopes, double* by_data) {
    const double a = std::exp(s[2]);
    const double b = std::exp(s[4]);
    const double floor = std::exp(s[0]);
    const double of_size = std::exp(s[1] - a * place.size);
    const double of_data = std::exp(s[3] - b * place.data);
    slopes[0] = floor;
    slopes[1] = of_size;
    slopes[2] = -a * place.size * of_size;
    slopes[3] = of_data;
    slopes[4] = -b * place.data * of_data;
    *by_data = -b * of_data;
    return floor + of_size + of_data;
}

std::vector<std::vector<double>> starts(const FormStart& start) { return {additive_start(start)}; }

}  // namespace

std::vector<FormParameter> additive_parameters() {
    return {{"E", true, kLeastScale, kGreatestScale},
            {"A", true, kLeastScale, kGreatestScale},
            {"a", true, kLeastPower, kGreatestPower},
            {"B", true, kLeastScale, kGreatestScale},
            {"b", true, kLeastPower, kGreatestPower}};
}

std::vector<double> additive_start(const FormStart& start) {
    return {std::log(start.floor), std::log(start.of_size), std::log(start.size_power),
            std::log(start.of_data), std::log(start.data_power)};
}

void additive_natural(const double* s, const FormCentre& centre, double* values) {
    values[0] = std::exp(s[0]);
    values[2] = std::exp(s[2]);
    values[4] = std::exp(s[4]);
    values[1] = std::exp(s[1] + values[2] * centre.size);
    values[3] = std::exp(s[3] + values[4] * centre.data);
}

// Hoffmann et al. 2022, equation 10.
LawForm additive() {
    return {"additive", "E + A / N^a + B / D'^b", true, additive_parameters(), bits,
            starts,     additive_natural};
}

}  // namespace bitlaw::laws::forms
