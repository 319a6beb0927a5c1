#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/laws/precision_law.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::laws;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

const Law kNetwork{
    .floor = 1.2, .size_scale = 40.0, .size_power = 0.35, .data_scale = 300.0, .data_power = 0.4};

const PrecisionForm& form(const std::string& key) {
    for (const PrecisionForm& known : precision_forms()) {
        if (key == known.key) {
            return known;
        }
    }
    FAIL("no such form");
    return precision_forms().front();
}

// Points of a form with known values; noise is relative.
std::vector<PrecisionPoint> points_of(const PrecisionLaw& truth, double noise) {
    const FormLaw law = form_law(kNetwork);
    Random random(7);
    std::vector<PrecisionPoint> points;
    for (const double size : {5e4, 1e5, 2e5, 4e5}) {
        for (const double bytes : {1e6, 4e6, 1.6e7}) {
            for (const double q : {8.0, 6.0, 5.0, 4.0, 3.0}) {
                PrecisionPoint p{size, bytes, bytes, q, 0, 0};
                p.exact_bits = law.bits(p.run());
                p.bits = (p.exact_bits + truth.added(law, p)) * std::exp(noise * random.normal());
                points.push_back(p);
            }
        }
    }
    return points;
}

PrecisionLaw law_of(const char* key, std::vector<double> search) {
    return {&form(key), std::move(search), 1.4e5, 4e6};
}

}  // namespace

TEST_CASE("precision law: a known law is found again in every form") {
    const FormLaw law = form_law(kNetwork);
    const std::vector<PrecisionLaw> truths{
        law_of("power", {std::log(2.0), std::log(1.6), -0.1, 0.2}),
        law_of("share", {std::log(1.5), std::log(1.4), -0.2, 0.3}),
        law_of("ratio", {std::log(3.0), std::log(1.5), 0.25}),
        law_of("fewer", {std::log(1.5), std::log(0.7)}),
    };
    for (const PrecisionLaw& truth : truths) {
        CAPTURE(truth.form->key);
        const std::vector<PrecisionPoint> exact = points_of(truth, 0);
        const PrecisionFit fit = fit_precision(*truth.form, law, exact);
        CHECK(fit.error < 1e-6);
        CHECK(fit.hold_out < 1e-5);
        CHECK(fit.points == exact.size());
        CHECK(fit.law.values()[1] == doctest::Approx(truth.values()[1]).epsilon(1e-3));
        for (const PrecisionPoint& p : exact) {
            CHECK(fit.law.added(law, p) == doctest::Approx(truth.added(law, p)).epsilon(1e-3));
        }
        const PrecisionFit noisy = fit_precision(*truth.form, law, points_of(truth, 0.001));
        CHECK(noisy.error == doctest::Approx(0.001).epsilon(0.3));
        CHECK(noisy.law.values()[1] == doctest::Approx(truth.values()[1]).epsilon(0.1));
    }
}

TEST_CASE("precision law: the optimum is the least of all sizes and precisions") {
    const FormLaw law = form_law(kNetwork);
    const PrecisionLaw truth = law_of("power", {std::log(2.0), std::log(1.6), -0.1, 0.2});
    double before = 0;
    for (const double coded : {1e6, 1e8, 1e10}) {
        const PrecisionOptimum best = precision_optimum(law, truth, coded, 2.0, 16.0);
        const auto adjusted = [&](double size, double q) {
            const PrecisionPoint at{size, coded, coded, q, 0, 0};
            return (law.bits(at.run()) + truth.added(law, at)) / 8.0 + q * size / (8.0 * coded);
        };
        CHECK(best.adjusted == doctest::Approx(adjusted(best.parameters, best.bits_per_weight)));
        CHECK(best.bits / 8.0 < best.adjusted);
        for (const double factor : {0.9, 0.98, 1.02, 1.1}) {
            CHECK(adjusted(best.parameters * factor, best.bits_per_weight) > best.adjusted);
            CHECK(adjusted(best.parameters, best.bits_per_weight * factor) > best.adjusted);
        }
        // At the best q, more bits are worth what they save: -d(added)/dq = N / S.
        const double slope = 1.6 * std::log(2.0) *
                             truth.added(law, {best.parameters, coded, coded, best.bits_per_weight, 0, 0});
        CHECK(slope == doctest::Approx(best.parameters / coded).epsilon(0.01));
        CHECK(best.parameters > before);
        before = best.parameters;
    }
    // An end of the range.
    CHECK(precision_optimum(law, truth, 1e8, 12.0, 16.0).bits_per_weight == doctest::Approx(12.0));
}

TEST_CASE("precision law: too few points are no law") {
    const FormLaw law = form_law(kNetwork);
    std::vector<PrecisionPoint> few = points_of(law_of("ratio", {0, 0, 0}), 0);
    few.resize(3);
    CHECK(holds(message_of<Error>([&] { (void)fit_precision(form("ratio"), law, few); }), "more precisions"));
}
