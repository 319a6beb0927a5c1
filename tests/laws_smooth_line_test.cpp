#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "bitlaw/laws/law.hpp"
#include "bitlaw/laws/smooth_line.hpp"

using namespace bitlaw::laws;

TEST_CASE("a smooth line passes through its points, and is a cubic where they are one") {
    const std::vector<double> x{0.0, 0.7, 1.0, 2.5, 3.0};
    std::vector<double> y;
    const auto cubic = [](double v) { return 1.0 + v + 0.2 * v * v + 0.05 * v * v * v; };
    for (const double v : x) {
        y.push_back(cubic(v));
    }
    const SmoothLine line(x, y);
    for (double v = 0.0; v <= 3.0; v += 0.1) {
        CHECK(line.at(v) == doctest::Approx(cubic(v)).epsilon(1e-9));
    }
    CHECK(SmoothLine(std::array{0.0, 2.0}, std::array{1.0, 5.0}).at(0.5) == doctest::Approx(2.0));
    CHECK(SmoothLine(std::array{0.0, 1.0, 3.0}, std::array{0.0, 1.0, 9.0}).at(2.0) == doctest::Approx(4.0));
}

TEST_CASE("points that fall leave no wave in a smooth line") {
    const std::vector<double> x{0, 1, 2, 3, 4, 5};
    const std::vector<double> y{10, 9.9, 9.8, 1.0, 0.99, 0.98};
    const SmoothLine line(x, y);
    for (double v = 0.01; v < 5.0; v += 0.01) {
        CHECK(line.at(v) <= line.at(v - 0.01) + 1e-12);
    }
}

TEST_CASE("the least place of a function, also at an end") {
    const LeastPlace inside = least_place(-3, 5, [](double v) { return (v - 1.23) * (v - 1.23) + 2; });
    CHECK(inside.place == doctest::Approx(1.23).epsilon(1e-6));
    CHECK(inside.value == doctest::Approx(2.0));
    CHECK(inside.end == 0);
    CHECK(least_place(0, 1, [](double v) { return v; }).end == -1);
    const LeastPlace last = least_place(0, 1, [](double v) { return -v; });
    CHECK(last.end == 1);
    CHECK(last.place == 1.0);
}

TEST_CASE("a law's rates at the sizes of a study give back its best size within 3 %, S = D from 1M to 100M") {
    // Sizes of experiments/03-scaling, and the law fitted to it; the last law's data term bends more.
    const std::vector<double> sizes{8192, 20480, 46592, 122880, 442368, 786432, 1720320, 3014656};
    const std::array laws{Law{1.356, 54.8, 0.422, 45.9, 0.281, 0.0}, Law{0.7, 20.0, 0.25, 40.0, 0.28, 0.0},
                          Law{1.0, 300.0, 0.6, 45.9, 0.281, 0.0}};
    std::vector<double> places;
    for (const double n : sizes) {
        places.push_back(std::log(n));
    }
    for (const Law& law : laws) {
        for (double bytes = 1e6; bytes < 1.001e8; bytes *= std::pow(10.0, 0.05)) {
            std::vector<double> bits;
            for (const double n : sizes) {
                bits.push_back(law.bits(n, bytes, bytes));
            }
            const SmoothLine line(places, bits);
            const LeastPlace least = least_place(places.front(), places.back(), [&](double place) {
                return line.at(place) / 8.0 + 2.0 * std::exp(place) / bytes;
            });
            CAPTURE(bytes);
            const double truth = adjusted_optimum(law, bytes, 2.0);
            REQUIRE(least.end == 0);
            CHECK(std::exp(least.place) == doctest::Approx(truth).epsilon(0.03));
        }
    }
}
