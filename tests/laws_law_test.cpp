#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/laws/law_fit.hpp"
#include "bitlaw/laws/law_odd.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::laws;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

// Hoffmann et al. 2022, equation 10.
constexpr Law kChinchilla{
    .floor = 1.69, .size_scale = 406.4, .size_power = 0.34, .data_scale = 410.7, .data_power = 0.28};

std::vector<double> spread(double first, double last, int count) {
    std::vector<double> values;
    for (int i = 0; i < count; ++i) {
        values.push_back(first * std::pow(last / first, i / (count - 1.0)));
    }
    return values;
}

// Runs of `sizes` x `amounts` that follow the law but for relative noise.
std::vector<LawPoint> runs_of(const Law& law, double noise, std::uint64_t seed) {
    Random random(seed);
    std::vector<LawPoint> points;
    for (const double n : spread(7e7, 1.6e10, 8)) {
        for (const double d : spread(5e9, 5e11, 5)) {
            points.push_back({n, d, d, law.bits(n, d, d) * (1.0 + noise * random.normal())});
        }
    }
    return points;
}

// Runs that also pass over their bytes several times.
std::vector<LawPoint> repeated_runs_of(const Law& law, double noise, std::uint64_t seed) {
    Random random(seed);
    std::vector<LawPoint> points;
    for (const double n : spread(7e7, 1.6e10, 6)) {
        for (const double u : spread(2e9, 2e11, 4)) {
            for (const double passes : {1.0, 4.0, 16.0, 64.0}) {
                const double bits = law.bits(n, passes * u, u);
                points.push_back({n, passes * u, u, bits * (1.0 + noise * random.normal())});
            }
        }
    }
    return points;
}

void check_close(const Law& found, const Law& truth, double tolerance) {
    CHECK(found.floor == doctest::Approx(truth.floor).epsilon(tolerance));
    CHECK(found.size_scale == doctest::Approx(truth.size_scale).epsilon(tolerance));
    CHECK(found.size_power == doctest::Approx(truth.size_power).epsilon(tolerance));
    CHECK(found.data_scale == doctest::Approx(truth.data_scale).epsilon(tolerance));
    CHECK(found.data_power == doctest::Approx(truth.data_power).epsilon(tolerance));
    CHECK(found.repeat_scale == doctest::Approx(truth.repeat_scale).epsilon(tolerance));
}

}  // namespace

TEST_CASE("without noise both fits find the law") {
    const std::vector<LawPoint> points = runs_of(kChinchilla, 0.0, 1);
    const LawFit fit = fit_law(points);
    check_close(fit.law, kChinchilla, 1e-6);
    CHECK(fit.error < 1e-9);
    CHECK(fit.free == 5);
    const LawFit huber = fit_law_huber(points, 0.0);
    check_close(huber.law, kChinchilla, 1e-3);
    CHECK(huber.error < 1e-5);
}

TEST_CASE("without noise the fit finds what repeats are worth") {
    Law law = kChinchilla;
    law.repeat_scale = 15.4;
    const std::vector<LawPoint> points = repeated_runs_of(law, 0.0, 1);
    const LawFit fit = fit_law(points);
    CHECK(fit.repeats());
    check_close(fit.law, law, 1e-5);
    check_close(fit_law_huber(points, law.repeat_scale).law, law, 1e-3);
}

TEST_CASE("the Huber fit stands outliers that pull the least squares away") {
    std::vector<LawPoint> points = runs_of(kChinchilla, 0.0, 1);
    for (std::size_t i = 0; i < points.size(); i += 9) {
        points[i].bits *= 1.2;
    }
    CHECK(std::abs(fit_law(points).law.floor - kChinchilla.floor) > 0.01);
    CHECK(fit_law_huber(points, 0.0).law.floor == doctest::Approx(kChinchilla.floor).epsilon(0.005));
}

TEST_CASE("one odd run is found, and moves the law no further than an ordinary one") {
    const std::vector<LawPoint> regular = runs_of(kChinchilla, 0.005, 1);
    CHECK(odd_points(regular).empty());
    CHECK(odd_points(std::span(regular).first(kFewestForOdd - 1)).empty());
    for (const double factor : {0.3, 2.1, 50.0}) {
        for (const std::size_t place : {std::size_t{0}, std::size_t{17}, regular.size() - 1}) {
            CAPTURE(factor);
            CAPTURE(place);
            std::vector<LawPoint> points = regular;
            points[place].bits *= factor;
            const std::vector<OddPoint> odd = odd_points(points);
            REQUIRE(odd.size() == 1);
            CHECK(odd[0].index == place);
            CHECK(odd[0].expected == doctest::Approx(regular[place].bits).epsilon(0.02));
            CHECK(odd[0].counted == doctest::Approx(odd[0].expected).epsilon(0.05));
            CHECK((odd[0].counted > odd[0].expected) == (factor > 1.0));
            points[place].bits = odd[0].counted;
            CHECK(fit_law(points).law.floor == doctest::Approx(kChinchilla.floor).epsilon(0.05));
        }
    }
}

TEST_CASE("points that no law describes are not called odd") {
    std::vector<LawPoint> points = runs_of(kChinchilla, 0.0, 1);
    for (std::size_t i = 0; i < points.size(); i += 4) {
        points[i].bits *= 2.0;
    }
    CHECK(odd_points(points).empty());
}

TEST_CASE("too few runs are refused") {
    std::vector<LawPoint> points = runs_of(kChinchilla, 0.0, 1);
    CHECK(holds(message_of<Error>([&] { (void)fit_law(std::span(points).first(5)); }),
                "5 runs of 1 size and 5 amounts of data"));
    points[3].bits = 0.0;
    CHECK(holds(message_of<Error>([&] { (void)fit_law(points); }), "must be above zero"));
}

TEST_CASE("effective bytes: none lost in one pass, each further pass worth less") {
    CHECK(effective_bytes(1e6, 1e6, 15.0) == 1e6);
    CHECK(effective_bytes(8e6, 1e6, 0.0) == 8e6);
    // Muennighoff et al. 2023, equation 5, by hand: 1 + 15 (1 - exp(-3 / 15)).
    CHECK(effective_bytes(4e6, 1e6, 15.0) == doctest::Approx(3.7190387e6).epsilon(1e-7));
    CHECK(effective_bytes(1e12, 1e6, 15.0) == doctest::Approx(16e6).epsilon(1e-9));
}

TEST_CASE("the adjusted optimum is where the adjusted rate is least, whatever D") {
    for (const double coded : {1e6, 1e9, 1e12}) {
        for (const double cost : {0.5, 2.0, 4.0}) {
            const double best = adjusted_optimum(kChinchilla, coded, cost);
            for (const double bytes : {1e6, 1e10}) {
                const double least = adjusted_rate(kChinchilla, {best, bytes, bytes, 0}, coded, cost);
                CHECK(least < adjusted_rate(kChinchilla, {1.01 * best, bytes, bytes, 0}, coded, cost));
                CHECK(least < adjusted_rate(kChinchilla, {best / 1.01, bytes, bytes, 0}, coded, cost));
            }
        }
    }
    const double best = compute_optimum(kChinchilla, 1e20);
    const auto rate = [](double n) { return kChinchilla.bits(n, 1e20 / (6 * n), 1e20 / (6 * n)); };
    CHECK(rate(best) < rate(1.01 * best));
    CHECK(rate(best) < rate(best / 1.01));
}

TEST_CASE("operations a byte: exact at known sizes, lines between and beyond them") {
    const ByteOperations operations({{1e4, 2e5}, {1e6, 8e6}, {1e8, 6e8}});
    CHECK(operations.at(1e4) == doctest::Approx(2e5));
    CHECK(operations.at(1e6) == doctest::Approx(8e6));
    CHECK(operations.at(1e8) == doctest::Approx(6e8));
    CHECK(operations.at(1e5) == doctest::Approx(std::sqrt(2e5 * 8e6)));
    CHECK(operations.at(1e10) == doctest::Approx(6e8 * 6e8 / 8e6));
    CHECK(operations.at(1e2) == doctest::Approx(2e5 * 2e5 / 8e6));
    CHECK(ByteOperations(std::map<double, double>{{1e6, 8e6}}).at(3e6) == doctest::Approx(24e6));
}

TEST_CASE("the best size at exact operations: the closed form's at 6 N, and a minimum where they are not") {
    const ByteOperations six({{1e6, 6e6}, {1e9, 6e9}});
    // Attention makes small networks dearer, so that larger ones are best for the same operations.
    const ByteOperations exact({{1e6, 2.4e7}, {1e8, 9e8}, {1e10, 6.2e10}});
    for (const double flops : {1e16, 1e18, 1e20, 1e22}) {
        const double closed = compute_optimum(kChinchilla, flops);
        CHECK(compute_optimum(kChinchilla, flops, six) == doctest::Approx(closed).epsilon(1e-4));
        const double best = compute_optimum(kChinchilla, flops, exact);
        const auto rate = [&](double n) {
            const double bytes = flops / exact.at(n);
            return kChinchilla.bits(n, bytes, bytes);
        };
        CHECK(rate(best) < rate(1.01 * best));
        CHECK(rate(best) < rate(best / 1.01));
        CHECK(rate(best) <= rate(closed));
    }
}

TEST_CASE("a term whose scale is 0 is not there, even where its power would be infinite") {
    Law law = kChinchilla;
    law.size_scale = 0.0;
    CHECK(law.bits(0.0, 1e9, 1e9) == law.bits(1e9, 1e9, 1e9));
    law.data_scale = 0.0;
    CHECK(law.bits(1e9, 0.0, 1.0) == law.floor);
}

TEST_CASE("intervals leave out what is not finite") {
    std::vector<Law> laws(100, kChinchilla);
    laws[7].floor = std::nan("");
    laws[8].floor = INFINITY;
    const auto floor_of = [](const Law& law) { return law.floor; };
    const Interval interval = interval_of(kChinchilla, laws, floor_of);
    CHECK(interval.low == kChinchilla.floor);
    CHECK(interval.high == kChinchilla.floor);
    CHECK_FALSE(interval_of(kChinchilla, std::span(laws).subspan(7, 2), floor_of).has_bounds());
    CHECK_FALSE(interval_of(kChinchilla, {}, floor_of).has_bounds());
}

TEST_CASE("a Huber fit of rates without a floor says that it found none") {
    Law law = kChinchilla;
    law.floor = 0.0;
    law.size_scale = 1e4;
    const LawFit huber = fit_law_huber(runs_of(law, 0.0, 1), 0.0);
    CHECK(huber.law.floor < 1e-3);
    CHECK(holds(huber.at_end, "E"));
    CHECK(fit_law_huber(runs_of(kChinchilla, 0.0, 1), 0.0).at_end.empty());
}
