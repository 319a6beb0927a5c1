#include "bitlaw/laws/law.hpp"

#include <algorithm>
#include <cmath>

#include "bitlaw/base/error.hpp"

namespace bitlaw::laws {

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

ByteOperations::ByteOperations(const std::map<double, double>& known) {
    BITLAW_ASSERT(!known.empty());
    for (const auto& [parameters, operations] : known) {
        log_size_.push_back(std::log(parameters));
        log_operations_.push_back(std::log(operations));
    }
}

double ByteOperations::at(double parameters) const {
    const double x = std::log(parameters);
    if (log_size_.size() == 1) {
        return std::exp(log_operations_[0] + x - log_size_[0]);
    }
    // The line's upper end: the first size above, but neither the smallest nor beyond the largest.
    const auto above = std::upper_bound(log_size_.begin() + 1, log_size_.end() - 1, x);
    const auto i = static_cast<std::size_t>(above - log_size_.begin());
    const double slope = (log_operations_[i] - log_operations_[i - 1]) / (log_size_[i] - log_size_[i - 1]);
    return std::exp(log_operations_[i] + slope * (x - log_size_[i]));
}

double compute_optimum(const Law& law, double flops, const ByteOperations& operations) {
    // Operations a byte are 6 N within a factor of a few, so the best size is not far from the closed form's.
    constexpr double kReach = 8.0;  // in log N, to each side
    constexpr int kGrid = 400;      // lines of other slopes can make several hollows
    constexpr int kSteps = 60;
    const auto bits = [&](double log_size) {
        const double n = std::exp(log_size);
        const double bytes = flops / operations.at(n);
        return law.bits(n, bytes, bytes);
    };
    constexpr double kStep = 2.0 * kReach / kGrid;
    const double first = std::log(compute_optimum(law, flops)) - kReach;
    double best = first;
    for (int i = 1; i <= kGrid; ++i) {
        const double tried = first + i * kStep;
        best = bits(tried) < bits(best) ? tried : best;
    }
    double low = best - kStep;
    double high = best + kStep;
    for (int step = 0; step < kSteps; ++step) {
        const double third = (high - low) / 3.0;
        if (bits(low + third) < bits(high - third)) {
            high -= third;
        } else {
            low += third;
        }
    }
    return std::exp(0.5 * (low + high));
}

}  // namespace bitlaw::laws
