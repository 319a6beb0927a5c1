#pragma once
/// \file Cases of the bf16 kernels: numbers of every kind, products and weight gradients against the plain
/// ones.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../src/kernels/tables.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain_bf16.hpp"
#include "support/guarded_floats.hpp"
#include "support/matrix.hpp"

namespace bitlaw::test {

inline constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
/// Largest relative error of rounding to bfloat16: half of the 2^-7 between 1 and its neighbour.
inline constexpr double kHalfUnit = 1.0 / 256;
inline constexpr float kLeast = std::numeric_limits<float>::min();
inline constexpr std::array kStarts{kernels::ChainStart::zero, kernels::ChainStart::bias,
                                    kernels::ChainStart::accumulate};

/// check(table) for every instruction set, and for the emulation that the avx512 set has beside the
/// instruction.
template <class Check>
void for_every_table(Check check) {
    test::for_every_isa([&] {
        CAPTURE(kernels::kernel_table().name);
        check(kernels::kernel_table());
    });
#ifdef __x86_64__
    if (kernels::available_isas().back() == kernels::Isa::avx512) {
        CAPTURE("avx512, emulated");
        check(kernels::kernels_avx512());
    }
#endif
}

/// All NaNs become one: their bits are not promised.
inline Matrix same_nans(const Matrix& matrix) {
    Matrix result = matrix;
    for (std::size_t r = 0; r < result.rows(); ++r) {
        for (std::size_t j = 0; j < result.n(); ++j) {
            if (std::isnan(result.at(r, j))) {
                result.at(r, j) = std::numeric_limits<float>::quiet_NaN();
            }
        }
    }
    return result;
}

/// 16-bit numbers that end at a page without access; `size` is even.
class GuardedPairs {
   public:
    explicit GuardedPairs(std::size_t size) : floats_(size / 2), size_(size) {}
    [[nodiscard]] std::uint16_t* data() const { return reinterpret_cast<std::uint16_t*>(floats_.data()); }
    [[nodiscard]] std::vector<std::uint16_t> numbers() const { return {data(), data() + size_}; }
    [[nodiscard]] bool unharmed() const { return floats_.unharmed(); }

   private:
    GuardedFloats floats_;
    std::size_t size_;
};

enum class Numbers { normal, any_bits, near_least, with_denormals };

/// A number of the kind; `left` and right factors of near_least have products near 2^-126.
inline float number(Random& random, Numbers kind, bool left) {
    const auto draw = static_cast<std::uint32_t>(random.next());
    std::uint32_t exponent = (draw >> 23) & 0xFFU;
    // Exact powers of two and all-ones significands make ties; half of the numbers have few bits.
    std::uint32_t bits = draw & 0x7FFFFFU;
    const auto choice = static_cast<std::uint32_t>(random.next());
    if ((choice & 3U) == 0U) {
        bits = (choice & 4U) != 0U ? 0x7FFFFFU : 0U;
    } else if ((choice & 3U) == 1U) {
        bits &= 0x7F0000U;
    }
    switch (kind) {
        case Numbers::normal: return static_cast<float>(random.normal());
        case Numbers::any_bits: break;
        case Numbers::near_least: exponent = 60 + exponent % 8; break;
        case Numbers::with_denormals: exponent = left ? 120 + exponent % 10 : exponent % 4; break;
    }
    return std::bit_cast<float>((draw & 0x80000000U) | exponent << 23 | bits);
}

inline Matrix matrix_of(Random& random, Numbers kind, bool left, std::size_t rows, std::size_t n,
                        std::size_t gap) {
    Matrix result(rows, n, gap);
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < n; ++j) {
            result.at(r, j) = number(random, kind, left);
        }
    }
    return result;
}

/// What chains start from: as small as the sums themselves.
inline Matrix starts_of(Random& random, Numbers kind, std::size_t rows, std::size_t n) {
    return matrix_of(random, kind == Numbers::near_least ? Numbers::with_denormals : kind, false, rows, n, 5);
}

struct ProductCase {
    ProductCase(std::size_t rows, std::size_t k, std::size_t n, kernels::ChainStart start_,
                Numbers kind = Numbers::normal)
        : random(1000003 * rows + 1009 * k + n + static_cast<std::size_t>(kind)),
          start(start_),
          a(matrix_of(random, kind, true, rows, k, 3)),
          w(matrix_of(random, kind, false, k, n, 3)),
          bias(starts_of(random, kind, 1, n)),
          c(starts_of(random, kind, rows, n)) {}

    [[nodiscard]] Matrix expected() const {
        Matrix result = c;
        kernels::plain::product_bf16({a.data(), a.ld()}, a.rows(), {w.data(), w.ld()}, w.rows(), w.n(), start,
                                     bias.data(), {result.data(), result.ld()});
        return result;
    }
    [[nodiscard]] Matrix got(const kernels::Kernels& table) const {
        const GuardedPairs packed(kernels::packed_size_bf16(w.rows(), w.n()));
        table.pack_bf16({w.data(), w.ld()}, w.rows(), w.n(), packed.data());
        Matrix result = c;
        table.product_bf16({a.data(), a.ld()}, a.rows(), packed.data(), w.rows(), w.n(), start,
                           start == kernels::ChainStart::bias ? bias.data() : nullptr,
                           {result.data(), result.ld()});
        return result;
    }

    Random random;
    kernels::ChainStart start;
    Matrix a;
    Matrix w;
    Matrix bias;
    Matrix c;
};

inline void check_product(const ProductCase& test) {
    const Matrix expected = same_nans(test.expected());
    CAPTURE(text_of(test.a.rows(), " x ", test.w.rows(), " x ", test.w.n(), ", start ",
                    static_cast<int>(test.start)));
    for_every_table([&](const kernels::Kernels& table) {
        CHECK(difference(same_nans(test.got(table)), expected) == "");
    });
}

struct GradientCase {
    GradientCase(std::size_t rows, std::size_t k, std::size_t n, Numbers kind = Numbers::normal)
        : random(1000003 * rows + 1009 * k + n + static_cast<std::size_t>(kind)),
          x(matrix_of(random, kind, true, rows, k, 3)),
          y(matrix_of(random, kind, false, rows, n, 2)),
          g(starts_of(random, kind, k, n)) {}

    [[nodiscard]] Matrix expected() const {
        Matrix result = g;
        kernels::plain::weight_gradient_bf16({x.data(), x.ld()}, {y.data(), y.ld()}, x.rows(), x.n(), y.n(),
                                             {result.data(), result.ld()});
        return result;
    }
    /// `step` rows at a time.
    [[nodiscard]] Matrix got(const kernels::Kernels& table, std::size_t step) const {
        Matrix result = g;
        for (std::size_t r = 0; r < x.rows(); r += step) {
            table.weight_gradient_bf16({x.data() + r * x.ld(), x.ld()}, {y.data() + r * y.ld(), y.ld()},
                                       std::min(step, x.rows() - r), x.n(), y.n(),
                                       {result.data(), result.ld()});
        }
        return result;
    }

    Random random;
    Matrix x;
    Matrix y;
    Matrix g;
};

inline void check_gradient(const GradientCase& test) {
    const Matrix expected = same_nans(test.expected());
    CAPTURE(text_of(test.x.rows(), " x ", test.x.n(), " x ", test.y.n()));
    for_every_table([&](const kernels::Kernels& table) {
        CHECK(difference(same_nans(test.got(table, 1 << 20)), expected) == "");
        CHECK(difference(same_nans(test.got(table, 100)), expected) == "");
    });
}

}  // namespace bitlaw::test
