#pragma once
// Synthetic studies of every form of law.

#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/laws/form_law.hpp"

namespace bitlaw::test {

/// A law of the form with parameters near those of experiments/03-scaling.
inline laws::FormLaw true_law(const laws::LawForm& form) {
    const std::string key = form.key;
    const auto with = [&](const std::vector<double>& search) {
        return laws::form_law(form, search, form.has_repeats ? 5.0 : 0.0);
    };
    const auto l = [](double v) { return std::log(v); };
    if (key == "N^c") {
        return with({l(1.0), l(23.6), l(0.29), l(12.7), l(0.293), 0.117});
    }
    if (key == "p-norm") {
        return with({l(0.8), l(21.2), l(0.258), l(19.8), l(0.179), l(0.43)});
    }
    if (key == "practical") {
        return with({l(1.18), l(15.3), l(0.438), l(6.42), l(0.272), l(1.14), l(0.186), l(0.418)});
    }
    return with({l(1.36), l(54.8), l(0.422), l(45.9), l(0.281)});
}

/// Runs of 8 sizes and 7 amounts, without the costliest corner of 3 cells; with `repeats` also four and
/// sixteen passes over the smaller amounts.
inline std::vector<laws::LawPoint> form_study(const laws::FormLaw& law, double noise, std::uint64_t seed,
                                              bool repeats) {
    constexpr int kSizes = 8;
    constexpr int kAmounts = 7;
    Random random(seed);
    std::vector<laws::LawPoint> points;
    for (int i = 0; i < kSizes; ++i) {
        const double n = 8e3 * std::pow(375.0, i / (kSizes - 1.0));
        for (int k = 0; k < kAmounts; ++k) {
            const double u = 1e6 * std::pow(100.0, k / (kAmounts - 1.0));
            if ((i == kSizes - 1 && k >= kAmounts - 2) || (i == kSizes - 2 && k == kAmounts - 1)) {
                continue;
            }
            for (const double passes : {1.0, 4.0, 16.0}) {
                if (passes == 1.0 || (repeats && k < 4)) {
                    const double bits = law.bits(n, passes * u, u);
                    points.push_back({n, passes * u, u, bits * (1.0 + noise * random.normal())});
                }
            }
        }
    }
    return points;
}

}  // namespace bitlaw::test
