#include "bitlaw/studies/measured_curve.hpp"

#include <cmath>

#include "bitlaw/base/random.hpp"

namespace bitlaw::studies {

using namespace laws;

namespace {

std::vector<double> list_of(std::span<const BestRate> rates, double (*value)(const BestRate&)) {
    std::vector<double> list;
    for (const BestRate& rate : rates) {
        list.push_back(value(rate));
    }
    return list;
}

double log_size(const BestRate& rate) { return std::log(rate.parameters); }

}  // namespace

MeasuredCurve::MeasuredCurve(std::span<const BestRate> rates)
    : unique_(rates.front().unique),
      bits_(list_of(rates, log_size), list_of(rates, [](const BestRate& r) { return r.bits; })),
      bytes_per_parameter_(list_of(rates, log_size),
                           list_of(rates, [](const BestRate& r) { return r.model_bytes / r.parameters; })) {}

double MeasuredCurve::adjusted(double log_size) const {
    return bits_.at(log_size) / 8.0 + bytes_per_parameter_.at(log_size) * std::exp(log_size) / unique_;
}

LeastPlace MeasuredCurve::best() const {
    return least_place(first(), last(), [this](double place) { return adjusted(place); });
}

MeasuredOptimum measured_optimum(std::span<const BestRate> rates, std::span<const double> deviations,
                                 std::size_t count, std::uint64_t seed) {
    const LeastPlace best = MeasuredCurve(rates).best();
    MeasuredOptimum optimum{.unique = rates.front().unique,
                            .parameters = {.value = std::exp(best.place)},
                            .adjusted = {.value = best.value},
                            .end = best.end};
    if (deviations.empty() || count == 0) {
        return optimum;
    }
    Random random(seed);
    std::vector<double> places;
    std::vector<double> values;
    std::vector<BestRate> resampled(rates.begin(), rates.end());
    for (std::size_t sample = 0; sample < count; ++sample) {
        for (std::size_t i = 0; i < rates.size(); ++i) {
            double mean = 0;
            for (std::size_t k = 0; k < rates[i].seeds; ++k) {
                mean += deviations[random.below(deviations.size())] / static_cast<double>(rates[i].seeds);
            }
            resampled[i].bits = rates[i].bits * std::exp(mean);
        }
        const LeastPlace found = MeasuredCurve(resampled).best();
        places.push_back(std::exp(found.place));
        values.push_back(found.value);
    }
    if (best.end == 0) {
        optimum.parameters.low = quantile(places, 0.05);
        optimum.parameters.high = quantile(places, 0.95);
    }
    optimum.adjusted.low = quantile(values, 0.05);
    optimum.adjusted.high = quantile(values, 0.95);
    return optimum;
}

}  // namespace bitlaw::studies
