#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/random.hpp"

using namespace bitlaw;

namespace {

constexpr double kTolerance = 1e-14;  // what the header promises

// References in extended precision (64-bit mantissa on x86, quad on aarch64), so their own error does not
// count.
double relative_error_exp2(double x) {
    const long double expected = std::exp2(static_cast<long double>(x));
    return static_cast<double>(std::fabs((static_cast<long double>(exact_exp2(x)) - expected) / expected));
}

double scaled_error_log2(double x) {
    const long double expected = std::log2(static_cast<long double>(x));
    const long double scale = std::max(1.0L, std::fabs(expected));
    return static_cast<double>(std::fabs((static_cast<long double>(exact_log2(x)) - expected) / scale));
}

}  // namespace

TEST_CASE("math: exp2 agrees with the standard library over its whole range") {
    double worst = 0.0;
    for (int i = 0; i <= 200'000; ++i) {
        worst = std::max(worst, relative_error_exp2(-1000.0 + i * 0.01));
    }
    for (int i = 0; i <= 20'000; ++i) {
        worst = std::max(worst, relative_error_exp2(-1.0 + i * 1e-4));
    }
    CHECK(worst < kTolerance);
}

TEST_CASE("math: exp2 of whole numbers is exact, and the ends of the range are as promised") {
    for (int n = -1022; n <= 1023; ++n) {
        CHECK(exact_exp2(n) == std::ldexp(1.0, n));
    }
    const double above_1023 = std::nextafter(1023.0, 2000.0);
    const double below_1022 = std::nextafter(-1022.0, -2000.0);
    CHECK(exact_exp2(above_1023) == std::numeric_limits<double>::infinity());
    CHECK(exact_exp2(below_1022) == 0.0);
    CHECK(exact_exp2(std::numeric_limits<double>::infinity()) == std::numeric_limits<double>::infinity());
    CHECK(exact_exp2(-std::numeric_limits<double>::infinity()) == 0.0);
    CHECK(std::isnan(exact_exp2(std::numeric_limits<double>::quiet_NaN())));
    CHECK(std::isfinite(exact_exp2(std::nextafter(1023.0, 0.0))));
}

TEST_CASE("math: log2 agrees with the standard library over all magnitudes") {
    double worst = 0.0;
    Random random(1);
    for (int exponent = -1074; exponent <= 1023; ++exponent) {
        for (int i = 0; i < 40; ++i) {
            const double x = std::ldexp(1.0 + random.uniform(), exponent);
            if (x > 0.0 && std::isfinite(x)) {
                worst = std::max(worst, scaled_error_log2(x));
            }
        }
    }
    // Around 1 and around the point where the range reduction changes branch.
    for (int i = -20'000; i <= 20'000; ++i) {
        worst = std::max(worst, scaled_error_log2(1.0 + i * 1e-5));
        worst = std::max(worst, scaled_error_log2(std::numbers::sqrt2 + i * 1e-9));
    }
    CHECK(worst < kTolerance);
}

TEST_CASE("math: log2 of powers of two is exact, subnormal ones included") {
    for (int n = -1074; n <= 1023; ++n) {
        CAPTURE(n);
        CHECK(exact_log2(std::ldexp(1.0, n)) == n);
    }
}

TEST_CASE("math: log2 refuses what has no finite logarithm") {
    CHECK_THROWS_AS((void)exact_log2(0.0), Error);
    CHECK_THROWS_AS((void)exact_log2(-0.0), Error);
    CHECK_THROWS_AS((void)exact_log2(-1.0), Error);
    CHECK_THROWS_AS((void)exact_log2(std::numeric_limits<double>::infinity()), Error);
    CHECK_THROWS_AS((void)exact_log2(std::numeric_limits<double>::quiet_NaN()), Error);
}

TEST_CASE("math: sine and cosine agree with the standard library around the whole turn") {
    double worst = 0.0;
    Random random(2);
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t phase = random.next();
        const long double angle =
            static_cast<long double>(phase) * 0x1p-63L * std::numbers::pi_v<long double>;
        const SinCos got = exact_sincos(phase);
        worst = std::max(
            worst, static_cast<double>(std::fabs(static_cast<long double>(got.sine) - std::sin(angle))));
        worst = std::max(
            worst, static_cast<double>(std::fabs(static_cast<long double>(got.cosine) - std::cos(angle))));
    }
    CHECK(worst < kTolerance);
}

TEST_CASE("math: sine and cosine at the quarters and at the seams between them") {
    constexpr std::uint64_t kQuarter = std::uint64_t{1} << 62;
    const double sines[] = {0.0, 1.0, 0.0, -1.0};
    const double cosines[] = {1.0, 0.0, -1.0, 0.0};
    for (std::uint64_t i = 0; i < 4; ++i) {
        CHECK(exact_sincos(i * kQuarter).sine == sines[i]);
        CHECK(exact_sincos(i * kQuarter).cosine == cosines[i]);
        // An eighth of a turn: |sine| = |cosine| = sqrt(1/2), and no jump from one side to the other.
        const std::uint64_t eighth = i * kQuarter + kQuarter / 2;
        for (const std::uint64_t phase : {eighth - 1, eighth, eighth + 1}) {
            const SinCos got = exact_sincos(phase);
            CHECK(std::fabs(std::fabs(got.sine) - std::numbers::sqrt2 / 2) < kTolerance);
            CHECK(std::fabs(std::fabs(got.cosine) - std::numbers::sqrt2 / 2) < kTolerance);
        }
    }
}

TEST_CASE("math: the bits never change") {
    // Class A: one value for every compiler, optimisation level, sanitizer and processor.
    ByteWriter writer;
    Random random(3);
    for (int i = 0; i < 10'000; ++i) {
        writer.f64(exact_exp2(random.uniform() * 2000.0 - 1000.0));
        writer.f64(exact_log2(random.uniform() + 0x1p-60));
        const SinCos pair = exact_sincos(random.next());
        writer.f64(pair.sine);
        writer.f64(pair.cosine);
    }
    CHECK(hex64(hash64(writer.data())) == "4b2ff8120baa3724");
}
