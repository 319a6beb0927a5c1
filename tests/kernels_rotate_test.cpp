#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain_attention.hpp"
#include "support/guarded_floats.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using bitlaw::test::GuardedFloats;
using bitlaw::test::IsaScope;

namespace {

struct Sizes {
    std::size_t rows;
    std::size_t heads;
    std::size_t head_width;
};
constexpr Sizes kSizes[] = {{1, 1, 16}, {3, 2, 16},  {5, 1, 32}, {2, 3, 48},
                            {7, 4, 64}, {2, 1, 128}, {0, 2, 32}};

/// Input, angles and gradient of one case; rows are `ld` apart and the floats between them are NaN.
struct RotatedRows {
    RotatedRows(const Sizes& sizes, std::uint64_t seed)
        : width(sizes.heads * sizes.head_width),
          ld(width + 3),
          x(sizes.rows * ld, std::nanf("")),
          dy(x),
          cosine(sizes.rows * sizes.head_width / 2),
          sine(cosine) {
        Random random(seed);
        for (std::size_t row = 0; row < sizes.rows; ++row) {
            for (std::size_t i = 0; i < width; ++i) {
                x[row * ld + i] = static_cast<float>(random.normal());
                dy[row * ld + i] = static_cast<float>(random.normal());
            }
        }
        for (std::size_t i = 0; i < cosine.size(); ++i) {
            const double angle = 6.283185307179586 * random.uniform();
            cosine[i] = static_cast<float>(std::cos(angle));
            sine[i] = static_cast<float>(std::sin(angle));
        }
    }
    std::size_t width;
    std::size_t ld;
    std::vector<float> x;
    std::vector<float> dy;
    std::vector<float> cosine;
    std::vector<float> sine;
};

template <class A, class B>
bool same_bits(const A& a, const B& b) {
    return a.size() == b.size() &&
           (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

void copy(const std::vector<float>& from, GuardedFloats& to) {
    std::copy(from.begin(), from.end(), to.data());
}

std::vector<double> widen(const std::vector<float>& x) { return {x.begin(), x.end()}; }

}  // namespace

TEST_CASE("rotate and its gradient: every instruction set gives the plain version's bits") {
    for (const Sizes& sizes : kSizes) {
        for (const bool normalise : {true, false}) {
            CAPTURE(sizes.rows);
            CAPTURE(sizes.heads);
            CAPTURE(sizes.head_width);
            CAPTURE(normalise);
            const RotatedRows rows(sizes, 11);
            std::vector<float> y = rows.x;
            std::vector<float> inverse(normalise ? sizes.rows * sizes.heads : 0, std::nanf(""));
            plain::rotate(
                {y.data(), rows.ld}, sizes.rows,
                {sizes.heads, sizes.head_width, rows.cosine.data(), rows.sine.data(), normalise, 1.7F},
                inverse.data());
            std::vector<float> dx = rows.dy;
            plain::rotate_backward(
                {dx.data(), rows.ld}, {y.data(), rows.ld}, sizes.rows,
                {sizes.heads, sizes.head_width, rows.cosine.data(), rows.sine.data(), normalise, 1.7F},
                inverse.data());
            for (const Isa isa : available_isas()) {
                CAPTURE(std::string(isa_name(isa)));
                const IsaScope scope(isa);
                // The last row ends where its numbers end, not after the gap, so that the guard page is near.
                const std::size_t size = rows.x.size() - (sizes.rows > 0 ? 3 : 0);
                GuardedFloats fast_y(rows.x.size());
                GuardedFloats cosine(rows.cosine.size());
                GuardedFloats sine(rows.sine.size());
                GuardedFloats fast_inverse(inverse.size());
                copy(rows.x, fast_y);
                copy(rows.cosine, cosine);
                copy(rows.sine, sine);
                kernel_table().rotate(
                    {fast_y.data(), rows.ld}, sizes.rows,
                    {sizes.heads, sizes.head_width, cosine.data(), sine.data(), normalise, 1.7F},
                    normalise ? fast_inverse.data() : nullptr);
                CHECK(same_bits(y, fast_y));
                CHECK(same_bits(inverse, fast_inverse));
                GuardedFloats fast_dx(size);
                std::copy(rows.dy.begin(), rows.dy.begin() + static_cast<std::ptrdiff_t>(size),
                          fast_dx.data());
                kernel_table().rotate_backward(
                    {fast_dx.data(), rows.ld}, {normalise ? fast_y.data() : nullptr, rows.ld}, sizes.rows,
                    {sizes.heads, sizes.head_width, cosine.data(), sine.data(), normalise, 1.7F},
                    normalise ? fast_inverse.data() : nullptr);
                CHECK((size == 0 || std::memcmp(dx.data(), fast_dx.data(), size * sizeof(float)) == 0));
                CHECK(fast_y.unharmed());
                CHECK(fast_inverse.unharmed());
                CHECK(fast_dx.unharmed());
            }
        }
    }
}

TEST_CASE("rotate agrees with double precision within rounding") {
    constexpr double kEps = 0x1p-24;  // half a unit in the last place of 1
    for (const Sizes& sizes : kSizes) {
        for (const bool normalise : {true, false}) {
            const RotatedRows rows(sizes, 12);
            std::vector<float> y = rows.x;
            std::vector<float> inverse(sizes.rows * sizes.heads);
            kernel_table().rotate(
                {y.data(), rows.ld}, sizes.rows,
                {sizes.heads, sizes.head_width, rows.cosine.data(), rows.sine.data(), normalise, 0.3F},
                inverse.data());
            std::vector<double> exact = widen(rows.x);
            std::vector<double> exact_inverse(inverse.size());
            const std::vector<double> cosine = widen(rows.cosine);
            const std::vector<double> sine = widen(rows.sine);
            plain::rotate({exact.data(), rows.ld}, sizes.rows,
                          {sizes.heads, sizes.head_width, cosine.data(), sine.data(), normalise,
                           static_cast<double>(0.3F)},
                          exact_inverse.data());
            // The lane sum has D / 16 + 4 roundings, halved by the root; then mean, epsilon, root,
            // quotient: 4. The rotation: normalisation, product, sum and factor, 4 roundings of terms no
            // larger than |x1| + |x2|.
            const double norm_error = (static_cast<double>(sizes.head_width) / 32 + 6) * kEps;
            const std::size_t half = sizes.head_width / 2;
            for (std::size_t row = 0; row < sizes.rows; ++row) {
                for (std::size_t head = 0; head < sizes.heads; ++head) {
                    const double norm = normalise ? exact_inverse[row * sizes.heads + head] : 1;
                    if (normalise) {
                        CHECK(std::abs(inverse[row * sizes.heads + head] - norm) <= norm_error * norm);
                    }
                    for (std::size_t i = 0; i < half; ++i) {
                        const std::size_t at = row * rows.ld + head * sizes.head_width + i;
                        const double size =
                            (std::abs(double{rows.x[at]}) + std::abs(double{rows.x[at + half]})) * norm * 0.3;
                        const double bound = size * ((normalise ? norm_error : 0) + 5 * kEps);
                        CHECK(std::abs(y[at] - exact[at]) <= bound);
                        CHECK(std::abs(y[at + half] - exact[at + half]) <= bound);
                    }
                }
            }
        }
    }
}

TEST_CASE("rotate_backward is the gradient of rotate") {
    for (const Sizes& sizes : {Sizes{2, 2, 16}, Sizes{1, 1, 48}}) {
        for (const bool normalise : {true, false}) {
            const RotatedRows rows(sizes, 13);
            const std::size_t n = sizes.rows * sizes.heads * sizes.head_width;
            std::vector<double> x;
            std::vector<double> weight;
            for (std::size_t row = 0; row < sizes.rows; ++row) {
                const auto from = static_cast<std::ptrdiff_t>(row * rows.ld);
                const auto to = from + static_cast<std::ptrdiff_t>(rows.width);
                x.insert(x.end(), rows.x.begin() + from, rows.x.begin() + to);
                weight.insert(weight.end(), rows.dy.begin() + from, rows.dy.begin() + to);
            }
            std::vector<double> cosine(rows.cosine.size());
            std::vector<double> sine(cosine.size());
            for (std::size_t i = 0; i < cosine.size(); ++i) {
                cosine[i] = std::cos(0.7 * static_cast<double>(i));
                sine[i] = std::sin(0.7 * static_cast<double>(i));
            }
            std::vector<double> inverse(sizes.rows * sizes.heads);
            const auto forward = [&](std::vector<double> input) {
                plain::rotate({input.data(), rows.width}, sizes.rows,
                              {sizes.heads, sizes.head_width, cosine.data(), sine.data(), normalise, 1.3},
                              inverse.data());
                return input;
            };
            const auto loss = [&](const std::vector<double>& input) {
                const std::vector<double> y = forward(input);
                double sum = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    sum += weight[i] * y[i];
                }
                return sum;
            };
            const std::vector<double> y = forward(x);
            std::vector<double> dx = weight;
            plain::rotate_backward(
                {dx.data(), rows.width}, {y.data(), rows.width}, sizes.rows,
                {sizes.heads, sizes.head_width, cosine.data(), sine.data(), normalise, 1.3}, inverse.data());
            // Central differences with h = eps^(1/3): truncation h^2 and rounding eps / h are both 4e-11,
            // times sums of some tens and third derivatives of some tens.
            constexpr double kStep = 6e-6;
            for (std::size_t i = 0; i < n; ++i) {
                std::vector<double> moved = x;
                moved[i] = x[i] + kStep;
                const double above = loss(moved);
                moved[i] = x[i] - kStep;
                CHECK(std::abs((above - loss(moved)) / (2 * kStep) - dx[i]) <= 1e-8 * (1 + std::abs(dx[i])));
            }
        }
    }
}
