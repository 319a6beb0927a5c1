#include <algorithm>
#include <cmath>

#include "forms.hpp"

namespace bitlaw::laws::forms {
namespace {

// Search values: log E, log A / N0^a, log a, log B / D0^b, log b, log C N0^c / D0^d, log c, log d.
double bits(const double* s, const FormPlace& place, double* slopes, double* by_data) {
    const double floor = std::exp(s[0]);
    const double a = std::exp(s[2]);
    const double b = std::exp(s[4]);
    const double c = std::exp(s[6]);
    const double d = std::exp(s[7]);
    const double of_size = std::exp(s[1] - a * place.size);
    const double of_data = std::exp(s[3] - b * place.trained);
    const double of_both = std::exp(s[5] + c * place.size - d * place.unique);
    const double h = of_size + of_data + of_both;
    const double by_h = (place.no_model - floor) / ((1.0 + h) * (1.0 + h));
    slopes[0] = floor / (1.0 + h);
    slopes[1] = by_h * of_size;
    slopes[2] = -a * place.size * slopes[1];
    slopes[3] = by_h * of_data;
    slopes[4] = -b * place.trained * slopes[3];
    slopes[5] = by_h * of_both;
    slopes[6] = c * place.size * slopes[5];
    slopes[7] = -d * place.unique * slopes[5];
    *by_data = 0.0;
    return floor + (place.no_model - floor) * (h / (1.0 + h));
}

// At the centre (L0 - E) h / (1 + h) is what the additive law's two terms are.
std::vector<std::vector<double>> starts(const FormStart& start) {
    std::vector<std::vector<double>> list;
    const double floor = std::min(start.floor, 0.5 * start.no_model);
    const double terms = start.of_size + start.of_data;
    const double share = std::min(terms / (start.no_model - floor), 0.9);
    const double h = share / (1.0 - share);
    const double of_size = h * start.of_size / terms;
    const double of_data = h * start.of_data / terms;
    for (const double both : {0.02, 0.2}) {
        for (const double power : {0.3, 1.0}) {
            list.push_back({std::log(floor), std::log(of_size), std::log(start.size_power),
                            std::log((1.0 - both) * of_data), std::log(start.data_power),
                            std::log(both * of_data), std::log(power), std::log(power)});
        }
    }
    return list;
}

void natural(const double* s, const FormCentre& centre, double* values) {
    additive_natural(s, centre, values);
    values[6] = std::exp(s[6]);
    values[7] = std::exp(s[7]);
    values[5] = std::exp(s[5] - values[6] * centre.size + values[7] * centre.data);
}

}  // namespace

// arXiv 2605.09189: between the floor and the rate without a model (L0); a term that falls with the bytes
// trained on, and one of the different bytes that grows with the network. No R*.
LawForm practical() {
    return {"practical",
            "E + (L0 - E) h / (1 + h), h = A / N^a + B / D^b + C N^c / U^d",
            false,
            {{"E", true, kLeastScale, kGreatestScale},
             {"A", true, -kGreatestScale, kGreatestScale},
             {"a", true, kLeastPower, kGreatestPower},
             {"B", true, -kGreatestScale, kGreatestScale},
             {"b", true, kLeastPower, kGreatestPower},
             {"C", true, -2 * kGreatestScale, kGreatestScale},
             {"c", true, kLeastPower, kGreatestPower},
             {"d", true, kLeastPower, kGreatestPower}},
            bits,
            starts,
            natural};
}

}  // namespace bitlaw::laws::forms
