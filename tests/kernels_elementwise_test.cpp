#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain.hpp"
#include "support/matrix.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using bitlaw::test::difference;
using bitlaw::test::for_every_isa;
using bitlaw::test::Matrix;

namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::array<std::size_t, 14> kLengths{0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 257, 1009};

/// Numbers of all sizes, with the corners of the format in front.
Matrix corners(Random& random, std::size_t n) {
    constexpr std::array kCorners{0.0F,   -0.0F,  1e-45F, -1e-45F, 1e-38F, -1e-38F, 10.0F,
                                  -10.0F, 10.1F,  -10.1F, 100.0F,  -100.F, 1e20F,   -1e20F,
                                  3e38F,  -3e38F, 1.0F,   -1.0F,   5.5F,   -5.5F};
    Matrix x = Matrix::random(random, 1, n, 3.0);
    if (n > 2 * kCorners.size()) {
        std::copy(kCorners.begin(), kCorners.end(), x.data());
    }
    return x;
}

/// An element-wise function of a flat array and its plain version, out of place and in place.
template <class Kernel, class Plain>
void check_map(Random& random, Kernel kernel, Plain plain_version) {
    for (const std::size_t n : kLengths) {
        const Matrix x = corners(random, n);
        Matrix expected(1, n);
        plain_version(x.data(), n, expected.data());
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got = Matrix::random(random, 1, n);
            kernel(x.data(), n, got.data());
            CHECK(difference(got, expected) == "");
            Matrix in_place = x;
            kernel(in_place.data(), n, in_place.data());
            CHECK(difference(in_place, expected) == "");
        });
    }
}

/// The same for gradients (x, dy, n, dx) with dx in the place of dy.
template <class Kernel, class Plain>
void check_gradient(Random& random, Kernel kernel, Plain plain_version) {
    for (const std::size_t n : kLengths) {
        const Matrix x = corners(random, n);
        const Matrix dy = Matrix::random(random, 1, n);
        Matrix expected(1, n);
        plain_version(x.data(), dy.data(), n, expected.data());
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got(1, n);
            kernel(x.data(), dy.data(), n, got.data());
            CHECK(difference(got, expected) == "");
            Matrix in_place = dy;
            kernel(x.data(), in_place.data(), n, in_place.data());
            CHECK(difference(in_place, expected) == "");
        });
    }
}

/// A gate (g, u, n, y) and its plain version, out of place and in the place of either.
template <class Kernel, class Plain>
void check_gate(Random& random, Kernel kernel, Plain plain_version) {
    for (const std::size_t n : kLengths) {
        const Matrix g = corners(random, n);
        const Matrix u = Matrix::random(random, 1, n);
        Matrix expected(1, n);
        plain_version(g.data(), u.data(), n, expected.data());
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got(1, n);
            kernel(g.data(), u.data(), n, got.data());
            CHECK(difference(got, expected) == "");
            Matrix in_gate = g;
            kernel(in_gate.data(), u.data(), n, in_gate.data());
            CHECK(difference(in_gate, expected) == "");
            Matrix in_passed = u;
            kernel(g.data(), in_passed.data(), n, in_passed.data());
            CHECK(difference(in_passed, expected) == "");
        });
    }
}

/// The same for gradients (g, u, dy, n, dg, du) with du in the place of dy.
template <class Kernel, class Plain>
void check_gate_gradient(Random& random, Kernel kernel, Plain plain_version) {
    for (const std::size_t n : kLengths) {
        const Matrix g = corners(random, n);
        const Matrix u = Matrix::random(random, 1, n);
        const Matrix dy = Matrix::random(random, 1, n);
        Matrix dg(1, n);
        Matrix du(1, n);
        plain_version(g.data(), u.data(), dy.data(), n, dg.data(), du.data());
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got_dg(1, n);
            Matrix in_place = dy;
            kernel(g.data(), u.data(), in_place.data(), n, got_dg.data(), in_place.data());
            CHECK(difference(got_dg, dg) == "");
            CHECK(difference(in_place, du) == "");
        });
    }
}

double wide_silu(double x) { return x / (1 + std::exp(-x)); }

double wide_gelu(double x) {
    double y = 0;
    plain::gelu(&x, 1, &y);
    return y;
}

}  // namespace

TEST_CASE("the polynomial of 2^x: relative error below 2^-22, bounds at both ends") {
    for (double x = -126.5; x < 127.5; x += 0.00317) {
        const auto rounded = static_cast<float>(x);
        const double exact = std::exp2(std::clamp(static_cast<double>(rounded), -126.0, 127.0));
        REQUIRE(std::abs(plain::bounded_exp2(rounded) / exact - 1) < std::ldexp(1.0, -22));
    }
    for (int n = -126; n <= 127; ++n) {
        CHECK(plain::bounded_exp2(static_cast<float>(n)) == std::ldexp(1.0F, n));
    }
    CHECK(plain::bounded_exp2(-kInfinity) == std::ldexp(1.0F, -126));
    CHECK(plain::bounded_exp2(kInfinity) == std::ldexp(1.0F, 127));
    CHECK(plain::bounded_exp2(kNan) == std::ldexp(1.0F, 127));
}

TEST_CASE("gelu, squared_relu, scale, add: the plain version's bits, in place too") {
    Random random(21);
    check_map(
        random, [](auto... args) { kernel_table().gelu(args...); },
        [](auto... args) { plain::gelu(args...); });
    check_map(
        random, [](auto... args) { kernel_table().squared_relu(args...); },
        [](auto... args) { plain::squared_relu(args...); });
    check_map(
        random, [](const float* x, std::size_t n, float* y) { kernel_table().scale(x, -1.7F, n, y); },
        [](const float* x, std::size_t n, float* y) { plain::scale(x, -1.7F, n, y); });
    check_gradient(
        random, [](auto... args) { kernel_table().gelu_backward(args...); },
        [](auto... args) { plain::gelu_backward(args...); });
    check_gradient(
        random, [](auto... args) { kernel_table().squared_relu_backward(args...); },
        [](auto... args) { plain::squared_relu_backward(args...); });
    for (const std::size_t n : kLengths) {
        const Matrix x = corners(random, n);
        const Matrix start = Matrix::random(random, 1, n);
        Matrix expected = start;
        plain::add(x.data(), n, expected.data());
        for_every_isa([&] {
            Matrix got = start;
            kernel_table().add(x.data(), n, got.data());
            CHECK(difference(got, expected) == "");
        });
    }
}

TEST_CASE(
    "gelu: errors within those of 2^x and of its argument; the gradient agrees with finite differences") {
    for (double point = -12; point <= 12; point += 0.01) {
        const auto x = static_cast<float>(point);
        const double exact = wide_gelu(x);
        const double t = std::abs(2.302208198144325 * x + 0.1029432395800235 * x * x * x);
        const double sigmoid = x == 0 ? 0.5 : exact / x;
        // Four roundings in t become an absolute error of the exponent; division and addition round once
        // each.
        const double relative =
            (1 - sigmoid) * (std::ldexp(1.0, -22) + 0.7 * 4 * kEpsilon * t) + 2 * kEpsilon;
        constexpr double kStep = 1e-5;
        const double slope = (wide_gelu(x + kStep) - wide_gelu(x - kStep)) / (2 * kStep);
        for_every_isa([&] {
            float y = 0;
            kernel_table().gelu(&x, 1, &y);
            REQUIRE(std::abs(y - exact) <= relative * std::abs(exact) + std::ldexp(1.0, -140));
            const float dy = 1.0F;
            float dx = 0;
            kernel_table().gelu_backward(&x, &dy, 1, &dx);
            // Two terms of size up to 1.3, whose factors hold the relative errors above; 1e-8 for the
            // differences.
            const double size = sigmoid + std::abs(x) * sigmoid * (1 - sigmoid) * (1.6 + 0.22 * x * x);
            REQUIRE(std::abs(dx - slope) <=
                    size * (2 * relative + 2 * (0.7 * 4 * kEpsilon * t) + 8 * kEpsilon) + 1e-8);
        });
    }
}

TEST_CASE("gates: the plain version's bits, in place too") {
    Random random(22);
    check_gate(
        random, [](auto... args) { kernel_table().silu_gate(args...); },
        [](auto... args) { plain::silu_gate(args...); });
    check_gate(
        random, [](auto... args) { kernel_table().squared_relu_gate(args...); },
        [](auto... args) { plain::squared_relu_gate(args...); });
    check_gate_gradient(
        random, [](auto... args) { kernel_table().silu_gate_backward(args...); },
        [](auto... args) { plain::silu_gate_backward(args...); });
    check_gate_gradient(
        random, [](auto... args) { kernel_table().squared_relu_gate_backward(args...); },
        [](auto... args) { plain::squared_relu_gate_backward(args...); });
}

TEST_CASE("silu_gate: errors within those of 2^x and of its argument; gradients agree with the derivative") {
    for (double point = -100; point <= 100; point += 0.0937) {
        const auto g = static_cast<float>(point);
        const float u = 3.0F;
        const float dy = 0.5F;
        const double exact = wide_silu(g);
        const double sigmoid = 1 / (1 + std::exp(-static_cast<double>(g)));
        const double slope = sigmoid * (1 + g * (1 - sigmoid));
        // Two roundings in the exponent become an absolute error of it; the rest rounds a few times.
        const double relative =
            (1 - sigmoid) * (std::ldexp(1.0, -22) + 0.7 * 2 * kEpsilon * 1.45 * std::abs(g)) + 4 * kEpsilon;
        for_every_isa([&] {
            float y = 0;
            kernel_table().silu_gate(&g, &u, 1, &y);
            REQUIRE(std::abs(y - 3 * exact) <= 3 * relative * std::abs(exact) + 1e-24);
            float dg = 0;
            float du = 0;
            kernel_table().silu_gate_backward(&g, &u, &dy, 1, &dg, &du);
            REQUIRE(std::abs(du - 0.5 * exact) <= 0.5 * relative * std::abs(exact) + 1e-24);
            // A sum of two terms with the errors above.
            const double size = sigmoid + std::abs(g) * sigmoid * (1 - sigmoid);
            REQUIRE(std::abs(dg - 1.5 * slope) <= 1.5 * size * (2 * relative + 4 * kEpsilon) + 1e-24);
        });
    }
}

TEST_CASE("NaN stays NaN in gelu, squared_relu, gates and their gradients") {
    for_every_isa([&] {
        for (std::size_t place : {0, 3, 16, 18}) {
            std::vector<float> x(19, 1.0F);
            const std::vector<float> dy(19, 1.0F);
            x[place] = kNan;
            std::vector<float> y(19);
            kernel_table().gelu(x.data(), 19, y.data());
            CHECK(std::isnan(y[place]));
            kernel_table().gelu_backward(x.data(), dy.data(), 19, y.data());
            CHECK(std::isnan(y[place]));
            kernel_table().squared_relu(x.data(), 19, y.data());
            CHECK(std::isnan(y[place]));
            kernel_table().squared_relu_backward(x.data(), dy.data(), 19, y.data());
            CHECK(std::isnan(y[place]));
            std::vector<float> du(19);
            kernel_table().silu_gate(x.data(), dy.data(), 19, y.data());
            CHECK(std::isnan(y[place]));
            kernel_table().silu_gate_backward(x.data(), dy.data(), dy.data(), 19, y.data(), du.data());
            CHECK((std::isnan(y[place]) && std::isnan(du[place])));
            kernel_table().squared_relu_gate(x.data(), dy.data(), 19, y.data());
            CHECK(std::isnan(y[place]));
            kernel_table().squared_relu_gate_backward(x.data(), dy.data(), dy.data(), 19, y.data(),
                                                      du.data());
            CHECK((std::isnan(y[place]) && std::isnan(du[place])));
            CHECK(!std::isnan(y[place == 0 ? 1 : 0]));
        }
    });
}

TEST_CASE("round_bf16: nearest, ties to even, infinities and NaN kept, every instruction set alike") {
    constexpr std::array<std::array<std::uint32_t, 2>, 12> kKnown{
        {{0x3F800000, 0x3F800000},
         {0x3F808000, 0x3F800000},  // tie, even below
         {0x3F818000, 0x3F820000},  // tie, even above
         {0x3F808001, 0x3F810000},
         {0x3F807FFF, 0x3F800000},
         {0x80000000, 0x80000000},
         {0x00008001, 0x00010000},  // denormal
         {0x7F7FFFFF, 0x7F800000},  // rounds to infinity
         {0xFF800000, 0xFF800000},
         {0x7F800001, 0x7FC00000},  // signalling NaN
         {0xFFFFFFFF, 0x7FC00000},
         {0x7FC12345, 0x7FC00000}}};
    Random random(22);
    Matrix x(1, 5003);
    Matrix expected(1, 5003);
    for (std::size_t i = 0; i < x.n(); ++i) {
        const bool known = i < kKnown.size();
        x.at(0, i) = std::bit_cast<float>(known ? kKnown[i][0] : static_cast<std::uint32_t>(random.next()));
    }
    plain::round_bf16(x.data(), x.n(), expected.data());
    for (std::size_t i = 0; i < kKnown.size(); ++i) {
        CHECK(std::bit_cast<std::uint32_t>(expected.at(0, i)) == kKnown[i][1]);
    }
    for_every_isa([&] {
        CAPTURE(kernel_table().name);
        Matrix got(1, x.n());
        kernel_table().round_bf16(x.data(), x.n(), got.data());
        CHECK(difference(got, expected) == "");
        kernel_table().round_bf16(got.data(), x.n(), got.data());
        CHECK(difference(got, expected) == "");
    });
}

TEST_CASE("sum_squares: the plain version's bits; error within its additions") {
    Random random(23);
    for (const std::size_t n : kLengths) {
        const Matrix x = Matrix::random(random, 1, n);
        const float expected = plain::sum_squares(x.data(), n);
        const double exact = plain::sum_squares(x.widened().data(), n);
        CHECK(std::abs(expected - exact) <= (static_cast<double>(n) / 16 + 5) * kEpsilon * exact);
        for_every_isa([&] { CHECK(kernel_table().sum_squares(x.data(), n) == expected); });
    }
}

TEST_CASE("adam: the plain version's bits over several steps; close to double; decay alone shrinks weights") {
    Random random(24);
    for (const std::size_t n : kLengths) {
        const Matrix start = Matrix::random(random, 1, n, 0.1);
        Matrix w = start;
        Matrix m(1, n);
        Matrix v(1, n);
        std::vector<double> wide_w = start.widened();
        std::vector<double> wide_m(n);
        std::vector<double> wide_v(n);
        std::vector<Matrix> gradients;
        std::vector<AdamStep> steps;
        double power1 = 1;
        double power2 = 1;
        for (int t = 0; t < 4; ++t) {
            gradients.push_back(Matrix::random(random, 1, n, 0.01));
            power1 *= 0.9F;
            power2 *= 0.999F;
            steps.push_back({.learning_rate = 1e-3F,
                             .beta1 = 0.9F,
                             .beta2 = 0.999F,
                             .epsilon = 1e-8F,
                             .weight_decay = 0.1F,
                             .bias_correction1 = static_cast<float>(1 / (1 - power1)),
                             .bias_correction2 = static_cast<float>(1 / (1 - power2)),
                             .gradient_scale = 0.5F});
            plain::adam(steps.back(), gradients.back().data(), n, w.data(), m.data(), v.data());
            plain::adam(steps.back(), gradients.back().widened().data(), n, wide_w.data(), wide_m.data(),
                        wide_v.data());
        }
        for (std::size_t i = 0; i < n; ++i) {
            // A step moves by at most rate / (1 - beta1) whatever the gradients, with a few roundings of v
            // (all terms positive) and of m (within 1 / (1 - beta1) of cancelling); w itself rounds twice a
            // step.
            REQUIRE(std::abs(w.at(0, i) - wide_w[i]) <= 4 * kEpsilon * (2 * 0.5 + 1e-2 * 40));
        }
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got_w = start;
            Matrix got_m(1, n);
            Matrix got_v(1, n);
            for (std::size_t t = 0; t < steps.size(); ++t) {
                kernel_table().adam(steps[t], gradients[t].data(), n, got_w.data(), got_m.data(),
                                    got_v.data());
            }
            CHECK(difference(got_w, w) == "");
            CHECK(difference(got_m, m) == "");
            CHECK(difference(got_v, v) == "");
        });
    }
    float w = 2.0F;
    float m = 0.0F;
    float v = 0.0F;
    const float none = 0.0F;
    for_every_isa([&] {
        w = 2.0F;
        kernel_table().adam({0.125F, 0.9F, 0.999F, 1e-8F, 0.5F, 1.0F, 1.0F, 1.0F}, &none, 1, &w, &m, &v);
        CHECK(w == 1.875F);
    });
}
