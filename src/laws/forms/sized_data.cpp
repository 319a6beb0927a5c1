#include <cmath>
#include <utility>

#include "forms.hpp"

namespace bitlaw::laws::forms {
namespace {

// Search values: log E, log A / N0^a, log a, log B N0^c / D0^b, log b, c.
double bits(const double* s, const FormPlace& place, double* slopes, double* by_data) {
    const double a = std::exp(s[2]);
    const double b = std::exp(s[4]);
    const double floor = std::exp(s[0]);
    const double of_size = std::exp(s[1] - a * place.size);
    const double of_data = std::exp(s[3] - b * place.data + s[5] * place.size);
    slopes[0] = floor;
    slopes[1] = of_size;
    slopes[2] = -a * place.size * of_size;
    slopes[3] = of_data;
    slopes[4] = -b * place.data * of_data;
    slopes[5] = place.size * of_data;
    *by_data = -b * of_data;
    return floor + of_size + of_data;
}

std::vector<std::vector<double>> starts(const FormStart& start) {
    std::vector<std::vector<double>> list;
    for (const double c : {0.0, 0.15}) {
        list.push_back(additive_start(start));
        list.back().push_back(c);
    }
    return list;
}

void natural(const double* s, const FormCentre& centre, double* values) {
    additive_natural(s, centre, values);
    values[5] = s[5];
    values[3] = std::exp(s[3] + values[4] * centre.data - s[5] * centre.size);
}

}  // namespace

// The additive form, but for a data term that grows (or falls) with the network.
LawForm sized_data() {
    std::vector<FormParameter> parameters = additive_parameters();
    parameters.push_back({"c", false, -1.0, 2.0});
    return {"N^c", "E + A / N^a + B N^c / D'^b", true, std::move(parameters), bits, starts, natural};
}

}  // namespace bitlaw::laws::forms
