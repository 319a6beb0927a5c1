#include <algorithm>
#include <cmath>
#include <utility>

#include "forms.hpp"

namespace bitlaw::laws::forms {
namespace {

// Search values: log E, log A / N0^a, log a, log B / D0^b, log b, log k.
double bits(const double* s, const FormPlace& place, double* slopes, double* by_data) {
    const double a = std::exp(s[2]);
    const double b = std::exp(s[4]);
    const double k = std::exp(s[5]);
    const double floor = std::exp(s[0]);
    const double of_size = s[1] - a * place.size;  // logarithms of the two terms
    const double of_data = s[3] - b * place.data;
    // (e^(x/k) + e^(y/k))^k, the larger term before the brackets: k may be small.
    const double larger = std::max(of_size, of_data);
    const double size_part = std::exp((of_size - larger) / k);
    const double data_part = std::exp((of_data - larger) / k);
    const double sum = size_part + data_part;
    const double log_term = larger + k * std::log(sum);
    const double term = std::exp(log_term);
    const double size_share = size_part / sum;
    const double data_share = data_part / sum;
    slopes[0] = floor;
    slopes[1] = term * size_share;
    slopes[2] = -a * place.size * slopes[1];
    slopes[3] = term * data_share;
    slopes[4] = -b * place.data * slopes[3];
    slopes[5] = term * (log_term - size_share * of_size - data_share * of_data);
    *by_data = -b * slopes[3];
    return floor + term;
}

std::vector<std::vector<double>> starts(const FormStart& start) {
    std::vector<std::vector<double>> list;
    for (const double k : {0.6, 1.0, 1.6}) {
        list.push_back(additive_start(start));
        list.back().push_back(std::log(k));
    }
    return list;
}

void natural(const double* s, const FormCentre& centre, double* values) {
    additive_natural(s, centre, values);
    values[5] = std::exp(s[5]);
}

}  // namespace

// The additive form at k = 1; the greater of the two terms as k goes to 0 (Kaplan et al. 2020, equation 1.5,
// has such a sum of powers without a floor).
LawForm norm() {
    std::vector<FormParameter> parameters = additive_parameters();
    parameters.push_back({"k", true, -2.5, 2.5});  // 0.08 to 12
    return {"p-norm", "E + [(A / N^a)^(1/k) + (B / D'^b)^(1/k)]^k", true, std::move(parameters), bits, starts,
            natural};
}

}  // namespace bitlaw::laws::forms
