#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../src/kernels/tables.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain.hpp"
#include "bitlaw/kernels/plain_bf16.hpp"
#include "support/bf16_cases.hpp"
#include "support/hostile_float_state.hpp"
#include "support/matrix.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using bitlaw::test::check_gradient;
using bitlaw::test::check_product;
using bitlaw::test::difference;
using bitlaw::test::for_every_table;
using bitlaw::test::GradientCase;
using bitlaw::test::GuardedPairs;
using bitlaw::test::HostileFloatState;
using bitlaw::test::kEpsilon;
using bitlaw::test::kHalfUnit;
using bitlaw::test::kLeast;
using bitlaw::test::kStarts;
using bitlaw::test::Matrix;
using bitlaw::test::matrix_of;
using bitlaw::test::number;
using bitlaw::test::Numbers;
using bitlaw::test::ProductCase;

TEST_CASE("bf16: one step of a chain, in cases worked out by hand") {
    using plain::fma_flushed;
    constexpr float kUnit = 0x1p-149F;  // between denormal numbers
    CHECK(fma_flushed(3.0F, 5.0F, 7.0F) == 22.0F);
    // Denormal inputs count as zero of their sign.
    CHECK(fma_flushed(kLeast / 2, 0x1p100F, 3.0F) == 3.0F);
    CHECK(std::bit_cast<std::uint32_t>(fma_flushed(0.0F, 1.0F, -kUnit)) == 0U);
    CHECK(std::bit_cast<std::uint32_t>(fma_flushed(-0.0F, 1.0F, -kUnit)) == 0x80000000U);
    // Tiny results keep their sign.
    CHECK(std::bit_cast<std::uint32_t>(fma_flushed(-0x1p-80F, 0x1p-60F, 0.0F)) == 0x80000000U);
    CHECK(fma_flushed(0x1p-63F, 0x1p-63F, 0.0F) == kLeast);
    // kLeast - 2^-150 is a 24-bit number below kLeast: tiny, though the nearest denormal-or-normal number is
    // kLeast.
    CHECK(std::fma(-0x1p-75F, 0x1p-75F, kLeast) == kLeast);
    CHECK(fma_flushed(-0x1p-75F, 0x1p-75F, kLeast) == 0.0F);
    // kLeast - 2^-151 is a tie that rounds up to kLeast, and kLeast - 1.5 * 2^-151 rounds down.
    CHECK(fma_flushed(-0x1p-75F, 0x1p-76F, kLeast) == kLeast);
    CHECK(fma_flushed(-0x1.8p-75F, 0x1p-76F, kLeast) == 0.0F);
    CHECK(fma_flushed(0x1p-75F, 0x1p-75F, -kLeast) == 0.0F);
    CHECK(std::isinf(fma_flushed(0x1p127F, 2.0F, 0.0F)));
    CHECK(std::isnan(fma_flushed(std::numeric_limits<float>::infinity(), kUnit, 0.0F)));

    // The kernels agree: the odd position has the factors, the even one zeros, which keep the sum.
    const std::array<std::array<float, 3>, 8> cases{{{-0x1p-75F, 0x1p-75F, kLeast},
                                                     {-0x1p-75F, 0x1p-76F, kLeast},
                                                     {-0x1.8p-75F, 0x1p-76F, kLeast},
                                                     {0x1p-75F, 0x1p-75F, -kLeast},
                                                     {0x1p-75F, 0x1p-76F, -kLeast},
                                                     {-0.0F, 1.0F, -kUnit},
                                                     {0x1p-63F, 0x1p-63F, 0.0F},
                                                     {0x1p127F, 2.0F, 0.0F}}};
    for (const auto& [x, y, z] : cases) {
        ProductCase test(1, 2, 1, ChainStart::accumulate);
        test.a.at(0, 0) = 0.0F;
        test.a.at(0, 1) = x;
        test.w.at(0, 0) = 0.0F;
        test.w.at(1, 0) = y;
        test.c.at(0, 0) = z;
        CHECK(test.expected().at(0, 0) == fma_flushed(x, y, z));
        check_product(test);
    }
}

TEST_CASE("bf16: rounding to nearest even") {
    const auto rounded = [](std::uint32_t bits) {
        return std::bit_cast<std::uint32_t>(plain::rounded_bf16(std::bit_cast<float>(bits)));
    };
    CHECK(rounded(0x3F808000U) == 0x3F800000U);
    CHECK(rounded(0x3F818000U) == 0x3F820000U);
    CHECK(rounded(0x3F808001U) == 0x3F810000U);
    CHECK(rounded(0x7F7FFFFFU) == 0x7F800000U);
    CHECK(rounded(0x007FFFFFU) == 0U);
    CHECK(rounded(0x80400000U) == 0x80000000U);
    CHECK(rounded(0xFF800001U) == 0x7FC00000U);
}

TEST_CASE("bf16: packing rounds and interleaves pairs, zero beyond the matrix") {
    Random random(3);
    for (const std::size_t k : {0, 1, 2, 3, 15, 16, 17, 31, 64}) {
        for (const std::size_t n : {0, 1, 15, 16, 17, 31, 32, 33, 49, 64, 97}) {
            const auto kind = (k + n) % 3 == 0 ? Numbers::with_denormals : Numbers::normal;
            const Matrix w = matrix_of(random, kind, false, k, n, 3);
            Matrix transposed(n, k, 2);
            for (std::size_t kk = 0; kk < k; ++kk) {
                for (std::size_t j = 0; j < n; ++j) {
                    transposed.at(j, kk) = w.at(kk, j);
                }
            }
            const std::size_t size = packed_size_bf16(k, n);
            REQUIRE(size == (k + k % 2) * (n + 31 - (n + 31) % 32));
            std::vector<std::uint16_t> expected(size);
            plain::pack_bf16({w.data(), w.ld()}, k, n, expected.data());
            if (k > 2 && n > 33) {  // panel 1, pair 1, column 1, even
                REQUIRE(expected[((k + 1) / 2 + 1) * 64 + 2] ==
                        std::bit_cast<std::uint32_t>(plain::rounded_bf16(w.at(2, 33))) >> 16);
            }
            CAPTURE(k);
            CAPTURE(n);
            for_every_table([&](const Kernels& table) {
                const GuardedPairs packed(size);
                table.pack_bf16({w.data(), w.ld()}, k, n, packed.data());
                CHECK(packed.numbers() == expected);
                const GuardedPairs again(size);
                table.pack_transposed_bf16({transposed.data(), transposed.ld()}, k, n, again.data());
                CHECK(again.numbers() == expected);
                CHECK((packed.unharmed() && again.unharmed()));
            });
        }
    }
}

TEST_CASE(
    "bf16 product: every instruction set and the emulation give the plain version's bits, whatever the "
    "shape") {
    // Depths on both sides of the blocks of 256 and 512; rows and columns on both sides of every tile.
    constexpr std::array<std::size_t, 13> kDepths{0, 1, 2, 3, 17, 64, 67, 255, 256, 257, 511, 513, 5};
    std::size_t turn = 0;
    for (std::size_t rows = 0; rows <= 33; ++rows) {
        for (const std::size_t n : {0, 1, 15, 16, 17, 31, 32, 33, 61, 64, 65, 128, 129}) {
            if (turn % 4 == rows % 4 || rows < 4) {
                check_product({rows, kDepths[turn % kDepths.size()], n, kStarts[turn % kStarts.size()]});
            }
            ++turn;
        }
    }
    for (std::size_t n = 1; n <= 65; ++n) {
        check_product({1 + n % 13, 1 + n % 7, n, kStarts[n % 3]});
    }
    check_product({264, 5, 33, ChainStart::bias});
    check_product({265, 31, 17, ChainStart::accumulate});
    check_product({541, 3, 2, ChainStart::zero});
    for (const ChainStart start : kStarts) {
        check_product({13, 1031, 47, start});
        check_product({1, 1031, 177, start});
        check_product({7, 0, 33, start});
    }
}

TEST_CASE("bf16 product and gradient: denormals, huge, tiny and infinite numbers, signed zeros") {
    for (const Numbers kind : {Numbers::any_bits, Numbers::near_least, Numbers::with_denormals}) {
        for (const std::size_t k : {1, 2, 3, 6, 13, 40}) {
            for (const ChainStart start : kStarts) {
                check_product({25, k, 67, start, kind});
            }
            check_gradient({k, 25, 67, kind});
        }
    }
    // The kinds reach what they are for.
    const Matrix least = ProductCase(25, 2, 67, ChainStart::accumulate, Numbers::near_least).expected();
    int at_least = 0;
    int zeros = 0;
    for (std::size_t r = 0; r < 25; ++r) {
        for (std::size_t j = 0; j < 67; ++j) {
            at_least += std::abs(least.at(r, j)) == kLeast;
            zeros += least.at(r, j) == 0.0F;
        }
    }
    CHECK(at_least > 0);
    CHECK(zeros > 0);
    CHECK(zeros < 25 * 67);
    // A last odd position adds the product of zeros, so -0 becomes +0; an empty chain keeps what is there.
    ProductCase negative(2, 0, 3, ChainStart::bias);
    negative.bias.at(0, 1) = -0.0F;
    negative.bias.at(0, 2) = kLeast / 4;
    check_product(negative);
    CHECK(std::signbit(negative.expected().at(1, 1)));
    CHECK(negative.expected().at(1, 2) == kLeast / 4);
}

TEST_CASE("bf16 product: an element depends on its own row and column only") {
    const ProductCase all(67, 300, 70, ChainStart::bias);
    for_every_table([&](const Kernels& table) {
        const Matrix whole = all.got(table);
        const GuardedPairs packed(packed_size_bf16(300, 70));
        table.pack_bf16({all.w.data(), all.w.ld()}, 300, 70, packed.data());
        for (const std::size_t step : {1, 2, 3, 10, 64}) {
            Matrix parts = all.c;
            for (std::size_t r = 0; r < 67; r += step) {
                table.product_bf16({all.a.data() + r * all.a.ld(), all.a.ld()}, std::min(step, 67 - r),
                                   packed.data(), 300, 70, ChainStart::bias, all.bias.data(),
                                   {parts.data() + r * parts.ld(), parts.ld()});
            }
            CHECK(difference(parts, whole) == "");
        }
    });
}

TEST_CASE(
    "bf16 weight_gradient: the plain version's bits, whatever the shape and however even rows are cut") {
    std::size_t turn = 0;
    constexpr std::array<std::size_t, 11> kRows{0, 1, 2, 3, 13, 64, 255, 257, 37, 200, 513};
    for (const std::size_t k : {0, 1, 2, 3, 6, 7, 12, 13, 17, 25}) {
        for (const std::size_t n : {0, 1, 15, 16, 17, 31, 32, 33, 61, 64, 65, 97, 129}) {
            check_gradient({kRows[turn++ % kRows.size()], k, n});
        }
    }
    check_gradient({5, 263, 3});
    check_gradient({6, 265, 33});
    check_gradient({1031, 19, 34});
}

TEST_CASE("bf16 kernels leave the floating-point state as it was; the x86 sets do not depend on it") {
    const ProductCase test(14, 33, 40, ChainStart::accumulate, Numbers::near_least);
    const GradientCase gradient(33, 14, 40, Numbers::near_least);
    const Matrix expected = test.expected();
    const Matrix expected_gradient = gradient.expected();
    for_every_table([&](const Kernels& table) {
        const GuardedPairs packed(packed_size_bf16(33, 40));
        table.pack_bf16({test.w.data(), test.w.ld()}, 33, 40, packed.data());
        Matrix got = test.c;
        Matrix got_gradient = gradient.g;
        const bool hostile = std::string(table.name) != "scalar";
        std::uint64_t before = 0;
        std::uint64_t after = 0;
        const auto run = [&] {
            before = float_state();
            table.product_bf16({test.a.data(), test.a.ld()}, 14, packed.data(), 33, 40,
                               ChainStart::accumulate, nullptr, {got.data(), got.ld()});
            table.weight_gradient_bf16({gradient.x.data(), gradient.x.ld()},
                                       {gradient.y.data(), gradient.y.ld()}, 33, 14, 40,
                                       {got_gradient.data(), got_gradient.ld()});
            after = float_state();
        };
        if (hostile) {
            const HostileFloatState state;
            run();
        } else {
            run();
        }
        CHECK(before == after);
        CHECK(difference(got, expected) == "");
        CHECK(difference(got_gradient, expected_gradient) == "");
    });
}

TEST_CASE("bf16 product: the error is that of rounding the factors and of k additions") {
    constexpr std::array<std::array<std::size_t, 3>, 4> kShapes{
        {{5, 1, 7}, {9, 64, 33}, {4, 1000, 40}, {14, 257, 96}}};
    for (const std::array<std::size_t, 3>& shape : kShapes) {
        const std::size_t rows = shape[0];
        const std::size_t k = shape[1];
        const std::size_t n = shape[2];
        for (const ChainStart start : kStarts) {
            const ProductCase test(rows, k, n, start);
            const std::vector<double> a = test.a.widened();
            const std::vector<double> w = test.w.widened();
            const std::vector<double> bias = test.bias.widened();
            const std::vector<double> c = test.c.widened();
            std::vector<double> exact = c;
            plain::product({a.data(), k}, rows, {w.data(), n}, k, n, start, bias.data(), {exact.data(), n});
            for_every_table([&](const Kernels& table) {
                const Matrix got = test.got(table);
                for (std::size_t i = 0; i < rows * n; ++i) {
                    double products = 0.0;
                    for (std::size_t kk = 0; kk < k; ++kk) {
                        products += std::abs(a[i / n * k + kk] * w[kk * n + i % n]);
                    }
                    const double first = start == ChainStart::zero   ? 0.0
                                         : start == ChainStart::bias ? std::abs(bias[i % n])
                                                                     : std::abs(c[i]);
                    const double of_factors = 2 * kHalfUnit + kHalfUnit * kHalfUnit;
                    const double of_sums = static_cast<double>(k) * kEpsilon;
                    REQUIRE(std::abs(got.at(i / n, i % n) - exact[i]) <=
                            of_factors * products + of_sums * (first + (1 + of_factors) * products));
                }
            });
        }
    }
}

TEST_CASE("bf16 weight_gradient: the error is that of rounding the factors and of the additions") {
    const GradientCase test(600, 14, 37);
    const std::vector<double> x = test.x.widened();
    const std::vector<double> y = test.y.widened();
    const std::vector<double> g = test.g.widened();
    std::vector<double> exact = g;
    plain::weight_gradient<double>({x.data(), 14}, {y.data(), 37}, 600, 14, 37, {exact.data(), 37});
    for_every_table([&](const Kernels& table) {
        const Matrix got = test.got(table, 600);
        for (std::size_t i = 0; i < exact.size(); ++i) {
            double products = 0.0;
            for (std::size_t r = 0; r < 600; ++r) {
                products += std::abs(x[r * 14 + i / 37] * y[r * 37 + i % 37]);
            }
            const double of_factors = 2 * kHalfUnit + kHalfUnit * kHalfUnit;
            REQUIRE(std::abs(got.at(i / 37, i % 37) - exact[i]) <=
                    of_factors * products + 600 * kEpsilon * (std::abs(g[i]) + (1 + of_factors) * products));
        }
    });
}

TEST_CASE("bf16 check at start: equal tables pass, a table that is off in one bit does not") {
    const Kernels& good = kernel_table();
    CHECK(same_bf16_bits(good, good));
    Kernels bad = good;
    bad.product_bf16 = [](Rows a, std::size_t rows, const std::uint16_t* packed, std::size_t k, std::size_t n,
                          ChainStart start, const float* bias, OutRows c) {
        kernel_table().product_bf16(a, rows, packed, k, n, start, bias, c);
        c.data[7] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(c.data[7]) ^ 1U);
    };
    CHECK_FALSE(same_bf16_bits(good, bad));
    bad = good;
    bad.weight_gradient_bf16 = [](Rows x, Rows y, std::size_t rows, std::size_t k, std::size_t n, OutRows g) {
        kernel_table().weight_gradient_bf16(x, y, rows - 1, k, n, g);
    };
    CHECK_FALSE(same_bf16_bits(good, bad));
    if (bf16_in_hardware()) {
        CHECK(available_isas().back() == Isa::avx512);
    }
}
