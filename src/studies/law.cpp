#include "bitlaw/studies/law.hpp"

#include <cmath>

namespace bitlaw {

double effective_bytes(double bytes, double unique, double repeat_scale) {
    const double repeats = bytes / unique - 1.0;
    if (repeat_scale <= 0.0 || repeats <= 0.0) {
        return bytes;
    }
    return unique * (1.0 - repeat_scale * std::expm1(-repeats / repeat_scale));
}

double Law::bits(double parameters, double bytes, double unique) const {
    // A term whose scale is 0 is not there, whatever its power: 0 times infinity would not be a number.
    const auto term = [](double scale, double value, double power) {
        return scale == 0.0 ? 0.0 : scale * std::pow(value, -power);
    };
    return floor + term(size_scale, parameters, size_power) +
           term(data_scale, effective_bytes(bytes, unique, repeat_scale), data_power);
}

double adjusted_rate(const Law& law, const LawPoint& trained, double coded_bytes,
                     double bytes_per_parameter) {
    return law.bits(trained) / 8.0 + bytes_per_parameter * trained.parameters / coded_bytes;
}

double adjusted_optimum(const Law& law, double coded_bytes, double bytes_per_parameter) {
    return std::pow(law.size_power * law.size_scale * coded_bytes / (8.0 * bytes_per_parameter),
                    1.0 / (law.size_power + 1.0));
}

double compute_optimum(const Law& law, double flops) {
    const double sum = law.size_power + law.data_power;
    const double ratio = law.size_power * law.size_scale / (law.data_power * law.data_scale);
    return std::pow(ratio, 1.0 / sum) * std::pow(flops / 6.0, law.data_power / sum);
}

}  // namespace bitlaw
