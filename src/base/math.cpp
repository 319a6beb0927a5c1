#include "bitlaw/base/math.hpp"

#include <array>
#include <bit>
#include <cfloat>
#include <limits>
#include <numbers>

#include "bitlaw/base/error.hpp"

#ifdef __FAST_MATH__
#error "bitlaw needs IEEE arithmetic: compile without -ffast-math and -Ofast"
#endif

namespace bitlaw {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "exact results need float and double evaluated in their own precision");
static_assert(std::numeric_limits<double>::is_iec559);

// 1/k! for k = 0 .. 18. 18! = 6.4e15 < 2^53 is exact in a double, so every entry is correctly rounded.
constexpr std::array<double, 19> kInverseFactorial = [] {
    std::array<double, 19> inverse{};
    double factorial = 1.0;
    for (std::size_t k = 0; k < inverse.size(); ++k) {
        factorial *= k == 0 ? 1.0 : static_cast<double>(k);
        inverse[k] = 1.0 / factorial;
    }
    return inverse;
}();

// 2^e for -1022 <= e <= 1023: the exponent field alone, biased by 1023.
double power_of_two(std::int64_t exponent) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

}  // namespace

double exact_exp2(double x) {
    if (x != x) {
        return x;
    }
    if (x < -1022.0) {
        return 0.0;
    }
    if (x > 1023.0) {
        return std::numeric_limits<double>::infinity();
    }
    // x = n + f with |f| <= 1/2; the subtraction is exact. 2^f = e^y with y = f ln 2, |y| <= 0.347, by the
    // Taylor series to degree 13. The first term left out, 0.347^14 / 14! = 4e-18, is below half an ulp of 1.
    const auto n = static_cast<std::int64_t>(x < 0.0 ? x - 0.5 : x + 0.5);
    const double y = (x - static_cast<double>(n)) * std::numbers::ln2;
    double sum = kInverseFactorial[13];
    for (std::size_t k = 13; k-- > 0;) {
        sum = sum * y + kInverseFactorial[k];
    }
    return sum * power_of_two(n);
}

double exact_log2(double x) {
    if (!(x > 0.0) || x > std::numeric_limits<double>::max()) {
        fail("exact_log2 got ", x,
             ", which has no finite logarithm; the caller must pass a finite positive number");
    }
    std::int64_t exponent = 0;
    if (x < std::numeric_limits<double>::min()) {
        x *= 0x1p54;  // subnormal: scaling makes the leading bit explicit
        exponent = -54;
    }
    // x = 2^exponent * m with m in [sqrt(1/2), sqrt(2)], so that s = (m - 1) / (m + 1) has |s| <= 0.1716.
    const auto bits = std::bit_cast<std::uint64_t>(x);
    exponent += static_cast<std::int64_t>(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0x000F'FFFF'FFFF'FFFF) | 0x3FF0'0000'0000'0000);
    if (m > std::numbers::sqrt2) {
        m *= 0.5;
        ++exponent;
    }
    // ln m = 2 atanh(s) = 2 s (1 + s^2/3 + s^4/5 + ... + s^20/21 + ...); the first term left out,
    // 0.1716^22 / 23 = 6e-19 relative to s, is below half an ulp.
    const double s = (m - 1.0) / (m + 1.0);
    const double square = s * s;
    double sum = 1.0 / 21.0;
    for (int odd = 19; odd >= 1; odd -= 2) {
        sum = sum * square + 1.0 / odd;
    }
    return static_cast<double>(exponent) + (2.0 / std::numbers::ln2) * (s * sum);
}

SinCos exact_sincos(std::uint64_t phase) {
    // The nearest quarter turn is taken off in integers, so the rest is exact: -2^61 <= rest < 2^61, an
    // eighth of a turn, that is |a| <= pi/4 = 0.785.
    const std::uint64_t quarter = (phase + (std::uint64_t{1} << 61)) >> 62;
    const auto rest = static_cast<std::int64_t>(phase - (quarter << 62));
    constexpr double kRadians = 2.0 * std::numbers::pi * 0x1p-64;  // scaling by powers of two is exact
    const double a = static_cast<double>(rest) * kRadians;
    const double square = a * a;
    // Taylor series: sin to degree 15, cos to degree 16. The first terms left out are 0.785^17 / 17! = 5e-17
    // and 0.785^18 / 18! = 2e-18.
    double sine = 0.0;
    double cosine = kInverseFactorial[16];
    for (std::size_t i = 8; i-- > 0;) {
        const double sign = i % 2 == 0 ? 1.0 : -1.0;
        sine = sine * square + sign * kInverseFactorial[2 * i + 1];
        cosine = cosine * square + sign * kInverseFactorial[2 * i];
    }
    sine *= a;
    switch (quarter & 3) {
        case 0: return {sine, cosine};
        case 1: return {cosine, -sine};
        case 2: return {-sine, -cosine};
        default: return {-cosine, sine};
    }
}

}  // namespace bitlaw
