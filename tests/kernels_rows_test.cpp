#include <doctest/doctest.h>

#include <array>
#include <cmath>
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
constexpr std::array<std::size_t, 16> kLengths{0,  1,  2,  15, 16, 17,  31,  32,
                                               33, 47, 63, 64, 65, 127, 251, 256};
constexpr std::size_t kRows = 5;

/// Rows of this length: ordinary ones, one of zeros, one so small that products of its numbers vanish, one
/// large, one constant.
Matrix rows_of(Random& random, std::size_t n) {
    Matrix x = Matrix::random(random, kRows, n);
    for (std::size_t j = 0; j < n; ++j) {
        x.at(1, j) = j % 2 == 0 ? 0.0F : -0.0F;
        x.at(2, j) *= 1e-30F;
        x.at(3, j) *= 1e10F;
        x.at(4, j) = 0.3F;
    }
    return x;
}

/// Roundings in a lane sum of n numbers and in what follows it: n / 16 in a lane, 4 in the tree, and some.
double steps(std::size_t n) { return static_cast<double>(n) / 16 + 4 + 6; }

using Wide = std::vector<double>;

}  // namespace

TEST_CASE("rms_norm and its gradient: the plain version's bits, in place too") {
    Random random(11);
    for (const std::size_t n : kLengths) {
        const Matrix x = rows_of(random, n);
        Matrix y(kRows, n, 1);
        Matrix inverse(1, kRows);
        plain::rms_norm({x.data(), x.ld()}, kRows, n, {y.data(), y.ld()}, inverse.data());
        const Matrix dy = rows_of(random, n);
        const Matrix start = Matrix::random(random, kRows, n);
        Matrix dx = start;
        plain::rms_norm_backward({dy.data(), dy.ld()}, {y.data(), y.ld()}, inverse.data(), kRows, n,
                                 {dx.data(), dx.ld()});
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got(kRows, n, 4);
            Matrix got_inverse(1, kRows);
            kernel_table().rms_norm({x.data(), x.ld()}, kRows, n, {got.data(), got.ld()}, got_inverse.data());
            CHECK(difference(got, y) == "");
            CHECK(difference(got_inverse, inverse) == "");
            Matrix in_place = x;
            kernel_table().rms_norm({in_place.data(), x.ld()}, kRows, n, {in_place.data(), x.ld()},
                                    got_inverse.data());
            CHECK(difference(in_place, y) == "");
            Matrix got_dx = start;
            kernel_table().rms_norm_backward({dy.data(), dy.ld()}, {y.data(), y.ld()}, inverse.data(), kRows,
                                             n, {got_dx.data(), got_dx.ld()});
            CHECK(difference(got_dx, dx) == "");
        });
    }
}

TEST_CASE("rms_norm and its gradient: errors within the roundings of their sums") {
    Random random(12);
    for (const std::size_t n : {1, 16, 33, 256, 1000}) {
        const Matrix x = Matrix::random(random, 1, n);
        const Matrix dy = Matrix::random(random, 1, n);
        Wide exact(n);
        Wide exact_inverse(1);
        plain::rms_norm({x.widened().data(), n}, 1, n, {exact.data(), n}, exact_inverse.data());
        for_every_isa([&] {
            Matrix y(1, n);
            Matrix inverse(1, 1);
            kernel_table().rms_norm({x.data(), n}, 1, n, {y.data(), n}, inverse.data());
            CHECK(std::abs(inverse.at(0, 0) - exact_inverse[0]) <= steps(n) * kEpsilon * exact_inverse[0]);
            for (std::size_t j = 0; j < n; ++j) {
                REQUIRE(std::abs(y.at(0, j) - exact[j]) <= (steps(n) + 1) * kEpsilon * std::abs(exact[j]));
            }
            // The gradient of the same y and inverse in both precisions.
            Wide exact_dx(n, 0.5);
            plain::rms_norm_backward({dy.widened().data(), n}, {y.widened().data(), n},
                                     inverse.widened().data(), 1, n, {exact_dx.data(), n});
            Matrix dx(1, n);
            double magnitude = 0;
            for (std::size_t j = 0; j < n; ++j) {
                dx.at(0, j) = 0.5F;
                magnitude += std::abs(dy.at(0, j) * y.at(0, j)) / static_cast<double>(n);
            }
            kernel_table().rms_norm_backward({dy.data(), n}, {y.data(), n}, inverse.data(), 1, n,
                                             {dx.data(), n});
            for (std::size_t j = 0; j < n; ++j) {
                const double size = std::abs(dy.at(0, j)) + std::abs(y.at(0, j)) * magnitude;
                REQUIRE(std::abs(dx.at(0, j) - exact_dx[j]) <=
                        kEpsilon * (steps(n) * inverse.at(0, 0) * size + std::abs(exact_dx[j])));
            }
        });
    }
}

TEST_CASE("layer_norm and its gradient: the plain version's bits, in place and without keeping the normal") {
    Random random(13);
    for (const std::size_t n : kLengths) {
        const Matrix x = rows_of(random, n);
        const Matrix gain = Matrix::random(random, 1, n);
        const Matrix bias = Matrix::random(random, 1, n);
        Matrix normal(kRows, n, 1);
        Matrix y(kRows, n, 2);
        Matrix inverse(1, kRows);
        plain::layer_norm({x.data(), x.ld()}, kRows, n, gain.data(), bias.data(),
                          {normal.data(), normal.ld()}, {y.data(), y.ld()}, inverse.data());
        const Matrix dy = rows_of(random, n);
        Matrix dx(kRows, n);
        plain::layer_norm_backward({dy.data(), dy.ld()}, {normal.data(), normal.ld()}, inverse.data(),
                                   gain.data(), kRows, n, {dx.data(), dx.ld()});
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            const Kernels& run = kernel_table();
            Matrix got_normal(kRows, n, 5);
            Matrix got(kRows, n, 0);
            Matrix got_inverse(1, kRows);
            run.layer_norm({x.data(), x.ld()}, kRows, n, gain.data(), bias.data(),
                           {got_normal.data(), got_normal.ld()}, {got.data(), got.ld()}, got_inverse.data());
            CHECK(difference(got_normal, normal) == "");
            CHECK(difference(got, y) == "");
            CHECK(difference(got_inverse, inverse) == "");

            Matrix over_x = x;  // the normal replaces x
            Matrix other(kRows, n);
            run.layer_norm({over_x.data(), x.ld()}, kRows, n, gain.data(), bias.data(),
                           {over_x.data(), x.ld()}, {other.data(), other.ld()}, got_inverse.data());
            CHECK(difference(over_x, normal) == "");
            CHECK(difference(other, y) == "");

            Matrix result_over_x = x;  // y replaces x, the normal is not kept
            run.layer_norm({result_over_x.data(), x.ld()}, kRows, n, gain.data(), bias.data(), {nullptr, 0},
                           {result_over_x.data(), x.ld()}, got_inverse.data());
            CHECK(difference(result_over_x, y) == "");

            Matrix got_dx(kRows, n, 2);
            run.layer_norm_backward({dy.data(), dy.ld()}, {normal.data(), normal.ld()}, inverse.data(),
                                    gain.data(), kRows, n, {got_dx.data(), got_dx.ld()});
            CHECK(difference(got_dx, dx) == "");
            Matrix over_dy = dy;
            run.layer_norm_backward({over_dy.data(), dy.ld()}, {normal.data(), normal.ld()}, inverse.data(),
                                    gain.data(), kRows, n, {over_dy.data(), dy.ld()});
            CHECK(difference(over_dy, dx) == "");
        });
    }
}

TEST_CASE("layer_norm and its gradient: errors within the roundings of their sums") {
    Random random(14);
    for (const std::size_t n : {16, 33, 256, 1000}) {
        const auto count = static_cast<double>(n);
        Matrix x = Matrix::random(random, 1, n);
        for (std::size_t j = 0; j < n; ++j) {
            x.at(0, j) += 3.0F;  // a mean that must be taken off
        }
        const Matrix dy = Matrix::random(random, 1, n);
        const Matrix gain = Matrix::random(random, 1, n);
        const Matrix bias = Matrix::random(random, 1, n);
        Wide exact_normal(n);
        Wide exact(n);
        Wide exact_inverse(1);
        plain::layer_norm({x.widened().data(), n}, 1, n, gain.widened().data(), bias.widened().data(),
                          {exact_normal.data(), n}, {exact.data(), n}, exact_inverse.data());
        double magnitude = 0;
        for (std::size_t j = 0; j < n; ++j) {
            magnitude += std::abs(x.at(0, j)) / count;
        }
        for_every_isa([&] {
            Matrix normal(1, n);
            Matrix y(1, n);
            Matrix inverse(1, 1);
            kernel_table().layer_norm({x.data(), n}, 1, n, gain.data(), bias.data(), {normal.data(), n},
                                      {y.data(), n}, inverse.data());
            // The mean is off by steps * epsilon * magnitude, each centred number by that and its own
            // rounding; in units of the deviation this also bounds the relative error that they cause in the
            // deviation (Cauchy-Schwarz).
            const double shift = steps(n) * kEpsilon * magnitude * exact_inverse[0];
            CHECK(std::abs(inverse.at(0, 0) / exact_inverse[0] - 1) <= shift + (steps(n) + 1) * kEpsilon);
            for (std::size_t j = 0; j < n; ++j) {
                const double bound = shift * (1 + std::abs(exact_normal[j])) +
                                     (steps(n) + 3) * kEpsilon * std::abs(exact_normal[j]);
                REQUIRE(std::abs(normal.at(0, j) - exact_normal[j]) <= bound);
                REQUIRE(std::abs(y.at(0, j) - exact[j]) <=
                        std::abs(gain.at(0, j)) * bound + kEpsilon * std::abs(exact[j]));
            }
            Wide exact_dx(n);
            plain::layer_norm_backward({dy.widened().data(), n}, {normal.widened().data(), n},
                                       inverse.widened().data(), gain.widened().data(), 1, n,
                                       {exact_dx.data(), n});
            Matrix dx(1, n);
            kernel_table().layer_norm_backward({dy.data(), n}, {normal.data(), n}, inverse.data(),
                                               gain.data(), 1, n, {dx.data(), n});
            double sum = 0;
            double products = 0;
            for (std::size_t j = 0; j < n; ++j) {
                sum += std::abs(dy.at(0, j) * gain.at(0, j)) / count;
                products += std::abs(dy.at(0, j) * gain.at(0, j) * normal.at(0, j)) / count;
            }
            for (std::size_t j = 0; j < n; ++j) {
                const double size =
                    std::abs(dy.at(0, j) * gain.at(0, j)) + sum + std::abs(normal.at(0, j)) * products;
                REQUIRE(std::abs(dx.at(0, j) - exact_dx[j]) <= steps(n) * kEpsilon * inverse.at(0, 0) * size);
            }
        });
    }
}

TEST_CASE("the gradients of the norms: finite differences of the double version") {
    constexpr std::size_t n = 19;
    constexpr double kStep =
        1e-5;  // the third derivatives are of order 1, so the differences are good to about 1e-9
    Random random(15);
    Wide x(n), dy(n), gain(n), bias(n), y(n), normal(n), inverse(1);
    for (std::size_t j = 0; j < n; ++j) {
        x[j] = random.normal();
        dy[j] = random.normal();
        gain[j] = random.normal();
    }
    const auto objective = [&](bool layer) {
        Wide out(n);
        Wide scratch(1);
        if (layer) {
            plain::layer_norm({x.data(), n}, 1, n, gain.data(), bias.data(),
                              {static_cast<double*>(nullptr), 0}, {out.data(), n}, scratch.data());
        } else {
            plain::rms_norm({x.data(), n}, 1, n, {out.data(), n}, scratch.data());
        }
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            sum += out[j] * dy[j];
        }
        return sum;
    };
    for (const bool layer : {false, true}) {
        Wide dx(n);
        if (layer) {
            plain::layer_norm({x.data(), n}, 1, n, gain.data(), bias.data(), {normal.data(), n},
                              {y.data(), n}, inverse.data());
            plain::layer_norm_backward({dy.data(), n}, {normal.data(), n}, inverse.data(), gain.data(), 1, n,
                                       {dx.data(), n});
        } else {
            plain::rms_norm({x.data(), n}, 1, n, {y.data(), n}, inverse.data());
            plain::rms_norm_backward({dy.data(), n}, {y.data(), n}, inverse.data(), 1, n, {dx.data(), n});
        }
        for (std::size_t j = 0; j < n; ++j) {
            const double before = x[j];
            x[j] = before + kStep;
            const double above = objective(layer);
            x[j] = before - kStep;
            const double below = objective(layer);
            x[j] = before;
            CHECK(std::abs((above - below) / (2 * kStep) - dx[j]) < 1e-8);
        }
    }
}

TEST_CASE("column_sums and column_products: the plain version's bits and small errors") {
    Random random(16);
    for (const std::size_t n : {0, 1, 15, 16, 17, 63, 64, 65, 80, 127, 131, 192}) {
        for (const std::size_t rows : {0, 1, 2, 37}) {
            const Matrix x = Matrix::random(random, rows, n);
            const Matrix y = Matrix::random(random, rows, n, 1.0, 7);
            const Matrix start = Matrix::random(random, 1, n);
            Matrix sums = start;
            Matrix products = start;
            plain::column_sums({y.data(), y.ld()}, rows, n, sums.data());
            plain::column_products({x.data(), x.ld()}, {y.data(), y.ld()}, rows, n, products.data());
            for (std::size_t j = 0; j < n; ++j) {
                double sum = start.at(0, j);
                double product = sum;
                double sum_size = std::abs(sum);
                double product_size = sum_size;
                for (std::size_t r = 0; r < rows; ++r) {
                    const double term = static_cast<double>(x.at(r, j)) * y.at(r, j);
                    sum += y.at(r, j);
                    product += term;
                    sum_size += std::abs(y.at(r, j));
                    product_size += std::abs(term);
                }
                REQUIRE(std::abs(sums.at(0, j) - sum) <= static_cast<double>(rows) * kEpsilon * sum_size);
                REQUIRE(std::abs(products.at(0, j) - product) <=
                        static_cast<double>(rows) * kEpsilon * product_size);
            }
            for_every_isa([&] {
                CAPTURE(kernel_table().name);
                CAPTURE(n);
                CAPTURE(rows);
                Matrix got = start;
                kernel_table().column_sums({y.data(), y.ld()}, rows, n, got.data());
                CHECK(difference(got, sums) == "");
                Matrix again = start;
                kernel_table().column_products({x.data(), x.ld()}, {y.data(), y.ld()}, rows, n, again.data());
                CHECK(difference(again, products) == "");
            });
        }
    }
}
