#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
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
constexpr std::array<std::size_t, 12> kAlphabets{1, 2, 15, 16, 17, 31, 32, 33, 127, 255, 256, 257};
constexpr std::size_t kRows = 4;

/// Logits: ordinary, flat, steep, far below zero.
Matrix logits(Random& random, std::size_t n) {
    Matrix x = Matrix::random(random, kRows, n, 3.0);
    for (std::size_t j = 0; j < n; ++j) {
        x.at(1, j) = -0.0F;
        x.at(2, j) *= 100.0F;
        x.at(3, j) -= 1e6F;
    }
    return x;
}

/// Frequencies of all rows by the chosen instruction set; behind each row two words that must stay as they
/// are.
std::vector<std::uint32_t> frequencies_of(const Matrix& x) {
    std::vector<std::uint32_t> result(x.rows() * (x.n() + 2), 0xDEADBEEFU);
    kernel_table().frequencies({x.data(), x.ld()}, x.rows(), x.n(), {result.data(), x.n() + 2});
    return result;
}

std::vector<std::uint32_t> plain_frequencies_of(const Matrix& x) {
    std::vector<std::uint32_t> result(x.rows() * (x.n() + 2), 0xDEADBEEFU);
    plain::frequencies<float>({x.data(), x.ld()}, x.rows(), x.n(), {result.data(), x.n() + 2});
    return result;
}

}  // namespace

TEST_CASE("softmax_numerators and cross_entropy_backward: the plain version's bits, in place too") {
    Random random(31);
    for (const std::size_t n : kAlphabets) {
        const Matrix x = logits(random, n);
        Matrix e(kRows, n, 1);
        Matrix total(1, kRows);
        plain::softmax_numerators({x.data(), x.ld()}, kRows, n, {e.data(), e.ld()}, total.data());
        std::vector<std::uint32_t> targets(kRows);
        for (std::size_t r = 0; r < kRows; ++r) {
            targets[r] = static_cast<std::uint32_t>(r == 0 ? n - 1 : random.below(n));
        }
        Matrix dx(kRows, n);
        plain::cross_entropy_backward({e.data(), e.ld()}, total.data(), targets.data(), 0.01F, kRows, n,
                                      {dx.data(), dx.ld()});
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            Matrix got(kRows, n, 2);
            Matrix got_total(1, kRows);
            kernel_table().softmax_numerators({x.data(), x.ld()}, kRows, n, {got.data(), got.ld()},
                                              got_total.data());
            CHECK(difference(got, e) == "");
            CHECK(difference(got_total, total) == "");
            Matrix in_place = x;
            kernel_table().softmax_numerators({in_place.data(), x.ld()}, kRows, n, {in_place.data(), x.ld()},
                                              got_total.data());
            CHECK(difference(in_place, e) == "");
            Matrix got_dx(kRows, n);
            kernel_table().cross_entropy_backward({got.data(), got.ld()}, total.data(), targets.data(), 0.01F,
                                                  kRows, n, {got_dx.data(), got_dx.ld()});
            CHECK(difference(got_dx, dx) == "");
            kernel_table().cross_entropy_backward({got.data(), got.ld()}, total.data(), targets.data(), 0.01F,
                                                  kRows, n, {got.data(), got.ld()});
            CHECK(difference(got, dx) == "");
        });
    }
}

TEST_CASE("softmax: probabilities within the error of 2^x and of its argument; the gradient sums to zero") {
    Random random(32);
    for (const std::size_t n : {2, 33, 256}) {
        const Matrix x = Matrix::random(random, 1, n, 4.0);
        const double most = *std::max_element(x.data(), x.data() + n);
        std::vector<double> exact(n);
        double exact_total = 0;
        for (std::size_t j = 0; j < n; ++j) {
            exact[j] = std::exp(x.at(0, j) - most);
            exact_total += exact[j];
        }
        for_every_isa([&] {
            Matrix e(1, n);
            Matrix total(1, 1);
            kernel_table().softmax_numerators({x.data(), n}, 1, n, {e.data(), n}, total.data());
            double worst = 0;
            for (std::size_t j = 0; j < n; ++j) {
                // The difference, log2(e) and the product round: 3 units of the argument's size, times ln 2
                // of log2 e.
                const double bound = std::ldexp(1.0, -22) + 3 * kEpsilon * (most - x.at(0, j));
                worst = std::max(worst, bound);
                REQUIRE(std::abs(e.at(0, j) - exact[j]) <= bound * exact[j]);
            }
            CHECK(std::abs(total.at(0, 0) - exact_total) <=
                  (worst + (static_cast<double>(n) / 16 + 5) * kEpsilon) * exact_total);
            const std::uint32_t target = 1;
            Matrix dx(1, n);
            kernel_table().cross_entropy_backward({e.data(), n}, total.data(), &target, 0.25F, 1, n,
                                                  {dx.data(), n});
            const std::vector<double> wide = dx.widened();
            CHECK(std::abs(std::accumulate(wide.begin(), wide.end(), 0.0)) <=
                  0.25 * (static_cast<double>(n) / 16 + 8) * kEpsilon);
            CHECK(dx.at(0, 1) < 0);
            CHECK(dx.at(0, 0) > 0);
        });
    }
}

TEST_CASE("frequencies: the rule's integers, every instruction set alike, nothing beyond the row") {
    Random random(33);
    for (const std::size_t n : kAlphabets) {
        const Matrix x = logits(random, n);
        const std::vector<std::uint32_t> expected = plain_frequencies_of(x);
        for (std::size_t r = 0; r < kRows; ++r) {
            const auto row = expected.begin() + static_cast<std::ptrdiff_t>(r * (n + 2));
            CHECK(*std::max_element(row, row + static_cast<std::ptrdiff_t>(n)) == 1U << 24);
            CHECK(*std::min_element(row, row + static_cast<std::ptrdiff_t>(n)) >= 1);
        }
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(n);
            CHECK(frequencies_of(x) == expected);
        });
    }
}

TEST_CASE("frequencies: NaN and infinite logits give bounded numbers, the same for every instruction set") {
    for (const std::size_t n : {1, 15, 16, 17, 35, 256}) {
        for (const float poison : {kNan, -kNan, kInfinity, -kInfinity, 3.4e38F, -3.4e38F}) {
            for (const bool everywhere : {false, true}) {
                for (const std::size_t place : {std::size_t{0}, n / 2, n - 1}) {
                    Matrix x(1, n);
                    for (std::size_t j = 0; j < n; ++j) {
                        x.at(0, j) = everywhere || j == place ? poison : -0.25F * static_cast<float>(j);
                    }
                    const std::vector<std::uint32_t> expected = plain_frequencies_of(x);
                    for (std::size_t j = 0; j < n; ++j) {
                        REQUIRE(expected[j] >= 1);
                        REQUIRE(expected[j] <= 1U << 24);
                    }
                    for_every_isa([&] {
                        CAPTURE(kernel_table().name);
                        CAPTURE(n);
                        CAPTURE(poison);
                        CHECK(frequencies_of(x) == expected);
                    });
                }
            }
        }
    }
}
