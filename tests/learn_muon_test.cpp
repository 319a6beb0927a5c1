#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/learn/muon.hpp"
#include "bitlaw/model/specs.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::learn;

namespace {

Floats random_matrix(std::size_t size, std::uint64_t seed) {
    Random random(seed);
    Floats values(size);
    for (float& value : values) {
        value = static_cast<float>(random.normal());
    }
    return values;
}

// The largest deviation of X^T X from its own diagonal band of singular values: off-diagonal entries, and
// diagonal ones outside 0.3 .. 1.5 (the iteration's polynomial sends singular values to about 0.7 .. 1.2,
// whose squares these are).
void check_orthogonal(const Floats& x, std::size_t rows, std::size_t columns) {
    double largest = 0;
    for (std::size_t i = 0; i < columns; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            double dot = 0;
            for (std::size_t r = 0; r < rows; ++r) {
                dot += static_cast<double>(x[r * columns + i]) * static_cast<double>(x[r * columns + j]);
            }
            if (i == j) {
                CHECK(dot > 0.3);
                CHECK(dot < 1.5);
            } else {
                largest = std::max(largest, std::abs(dot));
            }
        }
    }
    CHECK(largest < 0.5);  // (1.2^2 - 0.7^2) / 2 and a little
}

// The iteration in double precision, written as its formula stands.
std::vector<double> plain_orthogonal(const Floats& start, std::size_t rows, std::size_t columns) {
    std::vector<double> x(start.begin(), start.end());
    double norm = 0;
    for (const double value : x) {
        norm += value * value;
    }
    norm = std::sqrt(norm) + 1e-7;
    for (double& value : x) {
        value /= norm;
    }
    const auto product = [](const std::vector<double>& a, const std::vector<double>& b, std::size_t n,
                            std::size_t k, std::size_t m) {
        std::vector<double> c(n * m, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t l = 0; l < k; ++l) {
                for (std::size_t j = 0; j < m; ++j) {
                    c[i * m + j] += a[i * k + l] * b[l * m + j];
                }
            }
        }
        return c;
    };
    for (int iteration = 0; iteration < 5; ++iteration) {
        std::vector<double> transposed(rows * columns);
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < columns; ++c) {
                transposed[c * rows + r] = x[r * columns + c];
            }
        }
        const std::vector<double> a = product(transposed, x, columns, rows, columns);
        std::vector<double> b = product(a, a, columns, columns, columns);
        for (std::size_t i = 0; i < b.size(); ++i) {
            b[i] = -4.775 * a[i] + 2.0315 * b[i];
        }
        const std::vector<double> moved = product(x, b, rows, columns, columns);
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = 3.4445 * x[i] + moved[i];
        }
    }
    return x;
}

}  // namespace

TEST_CASE("orthogonalise: columns become nearly orthonormal, and equal the formula in double precision") {
    const std::size_t sizes[][2] = {{1, 1}, {16, 16}, {17, 3}, {64, 32}, {256, 64}, {97, 31}};
    for (const auto& [rows, columns] : sizes) {
        CAPTURE(rows);
        CAPTURE(columns);
        const Floats start = random_matrix(rows * columns, rows * 1000 + columns);
        const std::vector<double> expected = plain_orthogonal(start, rows, columns);
        Floats x = start;
        OrthogonalScratch scratch;
        orthogonalise(x.data(), rows, columns, scratch);
        // Five maps, each of slope at most 3.4445 at zero, on errors of about sqrt(columns) epsilon.
        const double tolerance = std::pow(3.4445, 5) * 6e-8 * std::sqrt(static_cast<double>(columns)) * 4;
        for (std::size_t i = 0; i < x.size(); ++i) {
            CHECK(std::abs(x[i] - expected[i]) <= tolerance);
        }
        if (rows >=
            2 * columns) {  // square random matrices have singular values too small for five iterations
            check_orthogonal(x, rows, columns);
        }
    }
}

TEST_CASE("orthogonalise: a gradient of zeros stays zero") {
    Floats x(24, 0.0F);
    OrthogonalScratch scratch;
    orthogonalise(x.data(), 6, 4, scratch);
    CHECK(std::all_of(x.begin(), x.end(), [](float value) { return value == 0.0F; }));
}

TEST_CASE(
    "Muon: every hidden matrix moves by its orthogonal step, other tensors stay, threads change no bit") {
    const test::MachineScope scope;
    ModelConfig config = preset_config("200k");
    config.width = 32;
    config.hidden = 48;
    config.layers = 1;
    const Layout layout(network_spec(config));
    const Floats start = random_matrix(layout.size, 1);
    const Floats gradient = random_matrix(layout.size, 2);
    const auto run = [&](std::size_t threads, int steps) {
        set_thread_count(threads);
        Muon muon(layout, {.enabled = true, .rate_ratio = 0.5, .momentum = 0.9, .weight_decay = 0.25});
        Floats weights = start;
        Floats momentum(layout.size);
        for (int step = 0; step < steps; ++step) {
            muon.step(gradient, 0.1, 0.5F, weights, momentum);
        }
        return weights;
    };
    CHECK(run(1, 3) == run(2, 3));
    const Floats moved = run(1, 1);
    std::vector<bool> hidden(layout.size, false);
    for (const MatrixBlock& block : hidden_matrices(layout)) {
        const bool is_wide = block.columns > block.rows;
        const std::size_t r = std::max(block.rows, block.columns);
        const std::size_t c = std::min(block.rows, block.columns);
        Floats x(r * c);
        const auto at = [&](std::size_t row, std::size_t column) {
            return is_wide ? column * c + row : row * c + column;
        };
        for (std::size_t row = 0; row < block.rows; ++row) {
            for (std::size_t column = 0; column < block.columns; ++column) {
                x[at(row, column)] =
                    0.95F * gradient[block.offset + row * block.stride + column];  // 0.5 g (1 + 0.9)
            }
        }
        OrthogonalScratch scratch;
        orthogonalise(x.data(), r, c, scratch);
        const double widening = is_wide ? std::sqrt(static_cast<double>(r) / static_cast<double>(c)) : 1.0;
        for (std::size_t row = 0; row < block.rows; ++row) {
            for (std::size_t column = 0; column < block.columns; ++column) {
                const std::size_t index = block.offset + row * block.stride + column;
                REQUIRE_FALSE(hidden[index]);
                hidden[index] = true;
                const double expected =
                    start[index] * (1 - 0.05 * 0.25) - 0.05 * widening * x[at(row, column)];
                CHECK(moved[index] == doctest::Approx(expected).epsilon(1e-4));
            }
        }
    }
    std::size_t still = 0;
    for (std::size_t i = 0; i < layout.size; ++i) {
        if (!hidden[i]) {
            ++still;
            REQUIRE(moved[i] == start[i]);
        }
    }
    CHECK(still == layout.embedding.size() + layout.taps.size() + layout.output.size());
}
