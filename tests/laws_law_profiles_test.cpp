#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/laws/law_profiles.hpp"

using namespace bitlaw;
using namespace bitlaw::laws;

namespace {

constexpr Law kLaw{
    .floor = 1.2, .size_scale = 30.0, .size_power = 0.4, .data_scale = 60.0, .data_power = 0.3};

std::vector<ProfileRun> runs_of(const Law& law) {
    std::vector<ProfileRun> runs;
    for (double n = 8e3; n < 5e6; n *= 2) {
        for (double d = 1e5; d < 2e9; d *= 1.5) {
            runs.push_back({{n, d, d, law.bits(n, d, d)}, 6 * n * d});
        }
    }
    return runs;
}

}  // namespace

TEST_CASE("a power law in one variable is found, with and without a floor") {
    std::vector<double> x;
    std::vector<double> floored;
    std::vector<double> pure;
    for (double place = 1e4; place < 1e7; place *= 2.2) {
        x.push_back(place);
        floored.push_back(1.5 + 20 * std::pow(place, -0.25));
        pure.push_back(20 * std::pow(place, -0.12));
    }
    const PowerLaw with = fit_power(x, floored, true);
    CHECK(with.floor == doctest::Approx(1.5).epsilon(1e-5));
    CHECK(with.power == doctest::Approx(0.25).epsilon(1e-5));
    CHECK(with.at(3e5) == doctest::Approx(1.5 + 20 * std::pow(3e5, -0.25)).epsilon(1e-6));
    const PowerLaw without = fit_power(x, pure, false);
    CHECK(without.scale == doctest::Approx(20).epsilon(1e-5));
    CHECK(without.power == doctest::Approx(0.12).epsilon(1e-5));
    CHECK(fit_power(x, floored, false).error > 1e-3);
    CHECK_THROWS_AS((void)fit_power(std::span(x).first(2), std::span(pure).first(2), false), Error);
}

TEST_CASE("profiles of equal operations find the optimum that the law implies") {
    const std::vector<ProfileRun> runs = runs_of(kLaw);
    const std::vector<Profile> profiles = isoflop_profiles(runs, 7);
    REQUIRE(profiles.size() == 7);
    int minima = 0;
    for (const Profile& profile : profiles) {
        CAPTURE(profile.flops);
        if (profile.end == 0) {
            ++minima;
            const double truth = compute_optimum(kLaw, profile.flops);
            // Lines between a size's runs are what is left of error.
            CHECK(profile.best_parameters == doctest::Approx(truth).epsilon(0.03));
        }
        for (std::size_t i = 0; i < profile.bits.size(); ++i) {
            const double n = profile.parameters[i];
            const double d = profile.flops / (6 * n);
            CHECK(profile.bits[i] == doctest::Approx(kLaw.bits(n, d, d)).epsilon(0.005));
        }
    }
    CHECK(minima >= 4);
}

TEST_CASE("a costlier run that is worse does not count in a profile") {
    std::vector<ProfileRun> runs = runs_of(kLaw);
    const std::vector<Profile> before = isoflop_profiles(runs, 3);
    for (const ProfileRun& run : std::vector(runs)) {
        ProfileRun worse = run;
        worse.flops *= 1.2;
        worse.point.bits += 0.5;
        runs.push_back(worse);
    }
    const std::vector<Profile> after = isoflop_profiles(runs, 3);
    REQUIRE(after.size() == before.size());
    CHECK(after[1].bits == before[1].bits);
}

TEST_CASE("extrapolation: no error for runs that follow the law, and the error of those that leave it") {
    std::vector<ProfileRun> runs = runs_of(kLaw);
    for (const Extrapolation& e : extrapolations(runs, law_forms().front())) {
        CHECK(e.error < 1e-6);
        CHECK(e.fitted + e.predicted == runs.size());
    }
    const double largest = runs.back().point.parameters;
    for (ProfileRun& run : runs) {
        run.point.bits *= run.point.parameters == largest ? 1.02 : 1.0;
    }
    const std::vector<Extrapolation> found = extrapolations(runs, law_forms().front());
    REQUIRE(found.size() == 3);
    CHECK(found[0].left_out == "the largest size");
    CHECK(found[0].mean_error == doctest::Approx(1 / 1.02 - 1).epsilon(1e-3));
    CHECK(found[0].greatest_error == doctest::Approx(1 - 1 / 1.02).epsilon(1e-3));
}
