#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain.hpp"
#include "support/matrix.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using bitlaw::test::difference;
using bitlaw::test::for_every_isa;
using bitlaw::test::GuardedFloats;
using bitlaw::test::Matrix;

namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
constexpr std::array kStarts{ChainStart::zero, ChainStart::bias, ChainStart::accumulate};

/// One product; `start` and the numbers are chosen by the seed.
struct ProductCase {
    ProductCase(std::size_t rows, std::size_t k, std::size_t n, ChainStart start_, double scale = 1.0)
        : random(1000003 * rows + 1009 * k + n),
          start(start_),
          a(Matrix::random(random, rows, k, scale)),
          w(Matrix::random(random, k, n)),
          bias(Matrix::random(random, 1, n)),
          c(Matrix::random(random, rows, n, 1.0, 5)) {}

    [[nodiscard]] Matrix expected() const {
        Matrix result = c;
        plain::product({a.data(), a.ld()}, a.rows(), {w.data(), w.ld()}, w.rows(), w.n(), start, bias.data(),
                       {result.data(), result.ld()});
        return result;
    }
    [[nodiscard]] Matrix got() const {
        const GuardedFloats packed(packed_size(w.rows(), w.n()));
        kernel_table().pack({w.data(), w.ld()}, w.rows(), w.n(), packed.data());
        Matrix result = c;
        kernel_table().product({a.data(), a.ld()}, a.rows(), packed.data(), w.rows(), w.n(), start,
                               start == ChainStart::bias ? bias.data() : nullptr,
                               {result.data(), result.ld()});
        return result;
    }
    [[nodiscard]] std::string name() const {
        return text_of(a.rows(), " x ", w.rows(), " x ", w.n(), ", start ", static_cast<int>(start));
    }

    Random random;
    ChainStart start;
    Matrix a;
    Matrix w;
    Matrix bias;
    Matrix c;
};

void check_product(const ProductCase& test) {
    const Matrix expected = test.expected();
    for_every_isa([&] {
        CAPTURE(kernel_table().name);
        CAPTURE(test.name());
        CHECK(difference(test.got(), expected) == "");
    });
}

}  // namespace

TEST_CASE("pack and pack_transposed fill panels of 32 columns, zero beyond the matrix") {
    Random random(1);
    for (const std::size_t k : {0, 1, 3, 17, 64}) {
        for (const std::size_t n : {0, 1, 15, 16, 17, 31, 32, 33, 49, 64, 97}) {
            const Matrix w = Matrix::random(random, k, n);
            Matrix transposed(n, k, 2);
            for (std::size_t kk = 0; kk < k; ++kk) {
                for (std::size_t j = 0; j < n; ++j) {
                    transposed.at(j, kk) = w.at(kk, j);
                }
            }
            const std::size_t size = packed_size(k, n);
            REQUIRE(size == k * (n + 31 - (n + 31) % 32));
            Matrix expected(1, size);
            for (std::size_t i = 0; i < size; ++i) {
                const std::size_t column = i / (32 * k) * 32 + i % 32;
                expected.at(0, i) = column < n ? w.at(i / 32 % k, column) : 0.0F;
            }
            for_every_isa([&] {
                CAPTURE(kernel_table().name);
                CAPTURE(k);
                CAPTURE(n);
                Matrix packed = Matrix::random(random, 1, size);
                kernel_table().pack({w.data(), w.ld()}, k, n, packed.data());
                CHECK(difference(packed, expected) == "");
                Matrix again = Matrix::random(random, 1, size);
                kernel_table().pack_transposed({transposed.data(), transposed.ld()}, k, n, again.data());
                CHECK(difference(again, expected) == "");
            });
        }
    }
}

TEST_CASE("product: every instruction set gives the plain version's bits, whatever the shape") {
    // Depths on both sides of the block of 256; rows and columns on both sides of every tile.
    constexpr std::array<std::size_t, 8> kDepths{0, 1, 2, 17, 64, 255, 256, 257};
    std::size_t turn = 0;
    for (const std::size_t rows : {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 23, 25, 31}) {
        for (const std::size_t n : {0, 1, 15, 16, 17, 31, 32, 33, 48, 61, 64, 65, 113, 127, 128, 129}) {
            check_product({rows, kDepths[turn % kDepths.size()], n, kStarts[turn % kStarts.size()]});
            ++turn;
        }
    }
    check_product({252, 5, 33, ChainStart::bias});
    check_product({253, 31, 17, ChainStart::accumulate});
    check_product({509, 3, 2, ChainStart::zero});
    for (const ChainStart start : kStarts) {
        check_product({13, 771, 47, start});
        check_product({1, 771, 177, start});
        check_product({7, 0, 33, start});
    }
}

TEST_CASE("product: an element depends on its own row and column only") {
    const ProductCase all(67, 300, 70, ChainStart::bias);
    for_every_isa([&] {
        CAPTURE(kernel_table().name);
        const Matrix whole = all.got();
        const GuardedFloats packed(packed_size(300, 70));
        kernel_table().pack({all.w.data(), all.w.ld()}, 300, 70, packed.data());
        for (std::size_t step : {1, 2, 3, 10, 64}) {
            Matrix parts = all.c;
            for (std::size_t r = 0; r < 67; r += step) {
                kernel_table().product({all.a.data() + r * all.a.ld(), all.a.ld()}, std::min(step, 67 - r),
                                       packed.data(), 300, 70, ChainStart::bias, all.bias.data(),
                                       {parts.data() + r * parts.ld(), parts.ld()});
            }
            CHECK(difference(parts, whole) == "");
        }
    });
}

TEST_CASE("product: denormal numbers, signed zeros and infinities are not lost") {
    ProductCase tiny(13, 40, 35, ChainStart::zero, 1e-40);
    tiny.a.at(0, 0) = -0.0F;
    tiny.a.at(5, 7) = std::numeric_limits<float>::infinity();
    tiny.a.at(6, 7) = -1e-45F;
    for (std::size_t j = 0; j < 35; ++j) {
        tiny.w.at(7, j) = 2.0F + static_cast<float>(j);  // keeps infinity from meeting zero
    }
    check_product(tiny);
    CHECK(tiny.expected().at(1, 1) != 0.0F);
    CHECK(std::isinf(tiny.expected().at(5, 3)));
    // Sums that cancel to a zero are +0, an empty sum over a bias of -0 stays -0.
    ProductCase empty(5, 0, 20, ChainStart::bias);
    empty.bias.at(0, 3) = -0.0F;
    check_product(empty);
    CHECK(std::signbit(empty.expected().at(4, 3)));
}

TEST_CASE("product: the error is within k epsilon of the sum of magnitudes") {
    for (const auto& [rows, k, n] :
         {std::array<std::size_t, 3>{5, 1, 7}, {9, 64, 33}, {4, 1000, 40}, {14, 257, 96}}) {
        for (const ChainStart start : kStarts) {
            const ProductCase test(rows, k, n, start);
            const std::vector<double> a = test.a.widened();
            const std::vector<double> w = test.w.widened();
            const std::vector<double> bias = test.bias.widened();
            std::vector<double> exact = test.c.widened();
            plain::product({a.data(), k}, rows, {w.data(), n}, k, n, start, bias.data(), {exact.data(), n});
            for_every_isa([&, rows = rows, k = k, n = n] {
                const Matrix got = test.got();
                for (std::size_t i = 0; i < rows * n; ++i) {
                    double size = start == ChainStart::zero   ? 0.0
                                  : start == ChainStart::bias ? std::abs(bias[i % n])
                                                              : std::abs(test.c.widened()[i]);
                    for (std::size_t kk = 0; kk < k; ++kk) {
                        size += std::abs(a[i / n * k + kk] * w[kk * n + i % n]);
                    }
                    REQUIRE(std::abs(got.at(i / n, i % n) - exact[i]) <=
                            static_cast<double>(k) * kEpsilon * size);
                }
            });
        }
    }
}

TEST_CASE("product: agrees with Eigen's in double precision") {
    using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto widened = [](const Matrix& matrix) {
        const std::vector<double> values = matrix.widened();
        return Rows(Eigen::Map<const Rows>(values.data(), static_cast<Eigen::Index>(matrix.rows()),
                                           static_cast<Eigen::Index>(matrix.n())));
    };
    for (const auto& [rows, k, n] : {std::array<std::size_t, 3>{1, 2, 3}, {13, 300, 65}, {70, 64, 256}}) {
        const ProductCase test(rows, k, n, ChainStart::accumulate);
        const Rows a = widened(test.a);
        const Rows w = widened(test.w);
        const Rows c = widened(test.c);
        const Rows expected = c + a * w;
        // Each of k steps rounds a partial sum, which the sum of magnitudes bounds, by half an epsilon at
        // most.
        const Rows bound = static_cast<double>(k) * kEpsilon * (c.cwiseAbs() + a.cwiseAbs() * w.cwiseAbs());
        for_every_isa([&] {
            CAPTURE(kernel_table().name);
            CAPTURE(test.name());
            CHECK(((widened(test.got()) - expected).array().abs() <= bound.array()).all());
        });
    }
}

TEST_CASE("weight_gradient: the plain version's bits, whatever the shape and however the rows are cut") {
    Random random(7);
    std::size_t turn = 0;
    constexpr std::array<std::size_t, 8> kRows{0, 1, 2, 13, 64, 255, 257, 37};
    for (const std::size_t k : {0, 1, 2, 3, 5, 6, 7, 12, 13, 25}) {
        for (const std::size_t n : {0, 1, 15, 16, 17, 31, 32, 33, 61, 64, 65, 97}) {
            const std::size_t rows = kRows[turn++ % kRows.size()];
            const Matrix x = Matrix::random(random, rows, k);
            const Matrix y = Matrix::random(random, rows, n);
            const Matrix start = Matrix::random(random, k, n);
            Matrix expected = start;
            plain::weight_gradient<float>({x.data(), x.ld()}, {y.data(), y.ld()}, rows, k, n,
                                          {expected.data(), expected.ld()});
            for_every_isa([&] {
                CAPTURE(kernel_table().name);
                CAPTURE(text_of(rows, " x ", k, " x ", n));
                Matrix got = start;
                kernel_table().weight_gradient({x.data(), x.ld()}, {y.data(), y.ld()}, rows, k, n,
                                               {got.data(), got.ld()});
                CHECK(difference(got, expected) == "");
                Matrix cut = start;
                for (std::size_t r = 0; r < rows; r += 100) {
                    kernel_table().weight_gradient(
                        {x.data() + r * x.ld(), x.ld()}, {y.data() + r * y.ld(), y.ld()},
                        std::min<std::size_t>(100, rows - r), k, n, {cut.data(), cut.ld()});
                }
                CHECK(difference(cut, expected) == "");
            });
        }
    }
}

TEST_CASE("weight_gradient: the error is within rows epsilon of the sum of magnitudes") {
    Random random(8);
    const Matrix x = Matrix::random(random, 600, 14);
    const Matrix y = Matrix::random(random, 600, 37);
    const std::vector<double> wide_x = x.widened();
    const std::vector<double> wide_y = y.widened();
    std::vector<double> exact(14 * 37);
    std::vector<double> size(14 * 37);
    plain::weight_gradient<double>({wide_x.data(), 14}, {wide_y.data(), 37}, 600, 14, 37, {exact.data(), 37});
    for (std::size_t i = 0; i < size.size(); ++i) {
        for (std::size_t r = 0; r < 600; ++r) {
            size[i] += std::abs(wide_x[r * 14 + i / 37] * wide_y[r * 37 + i % 37]);
        }
    }
    for_every_isa([&] {
        Matrix got(14, 37);
        kernel_table().weight_gradient({x.data(), x.ld()}, {y.data(), y.ld()}, 600, 14, 37,
                                       {got.data(), got.ld()});
        for (std::size_t i = 0; i < size.size(); ++i) {
            REQUIRE(std::abs(got.at(i / 37, i % 37) - exact[i]) <= 600 * kEpsilon * size[i]);
        }
    });
}

TEST_CASE(
    "the instruction sets: plain C++ is always there, each can be chosen, results go with its own table") {
    const std::vector<Isa> isas = available_isas();
    REQUIRE(!isas.empty());
    CHECK(isas.front() == Isa::scalar);
    const Isa before = chosen_isa();
    for (const Isa isa : isas) {
        choose_isa(isa);
        CHECK(chosen_isa() == isa);
        CHECK(std::string(kernel_table().name) == isa_name(isa));
    }
    choose_isa(before);
    for (const Isa isa : {Isa::avx2, Isa::avx512}) {
        if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
            CHECK_THROWS_AS(choose_isa(isa), UsageError);
        }
    }
}
