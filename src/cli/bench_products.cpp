#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "bench_cases.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/packed_model.hpp"

namespace bitlaw::cli {

using namespace kernels;
using namespace model;

namespace {

/// Operations of one measurement of a product, likewise: it is repeated until it has done so many.
constexpr double kProductFlops = 2e9;
/// Rows of a product that are worth splitting over threads.
constexpr std::size_t kSplitRows = 96;
/// A multiple of every instruction set's tile.
constexpr std::size_t kRowStep = 12;

constexpr std::size_t rounded_up(std::size_t n, std::size_t step) { return (n + step - 1) / step * step; }

// Rows of a thread's piece: some 96, and as many pieces for each thread.
std::size_t piece_rows(std::size_t m) {
    const std::size_t pieces = rounded_up(std::max<std::size_t>(m / kSplitRows, 1), thread_count());
    return rounded_up((m + pieces - 1) / pieces, kRowStep);
}

// C [m, n] = A [m, k] x W [k, n]. Many rows are split over the threads; of a product of few rows, as the
// decoder has them, every thread does its own, since starting the threads would cost more than the product.
struct Product {
    Product(Arithmetic arithmetic_, std::size_t m_, std::size_t k_, std::size_t n_)
        : arithmetic(arithmetic_), m(m_), k(k_), n(n_), a(random_floats(m * k)), c(m * n) {
        const Floats w = random_floats(k * n);
        if (arithmetic == Arithmetic::bf16) {
            packed_bf16.resize(packed_size_bf16(k, n));
            kernel_table().pack_bf16({w.data(), n}, k, n, packed_bf16.data());
        } else {
            packed.resize(packed_size(k, n));
            kernel_table().pack({w.data(), n}, k, n, packed.data());
        }
    }

    void run() {
        const bool bf16 = arithmetic == Arithmetic::bf16;
        const PackedMatrix w{.fp32 = bf16 ? nullptr : packed.data(),
                             .bf16 = bf16 ? packed_bf16.data() : nullptr,
                             .k = k,
                             .n = n};
        const std::size_t rows = m < kSplitRows ? m : piece_rows(m);
        parallel_for((m + rows - 1) / rows, [&](std::size_t task) {
            const std::size_t row = task * rows;
            multiply(w, {a.data() + row * k, k}, std::min(rows, m - row), ChainStart::zero, nullptr,
                     {c.data() + row * n, n});
        });
    }

    Arithmetic arithmetic;
    std::size_t m, k, n;
    Floats a;       // [m, k]
    Floats packed;  // [k, n] in panels, in one of the two memories
    Halves packed_bf16;
    Floats c;  // [m, n]
};

// G [k, n] += X [rows, k] transposed x Y [rows, n], split over n as training does.
struct WeightGradient {
    WeightGradient(Arithmetic arithmetic_, std::size_t rows_, std::size_t k_, std::size_t n_)
        : arithmetic(arithmetic_),
          rows(rows_),
          k(k_),
          n(n_),
          x(random_floats(rows * k)),
          y(random_floats(rows * n)),
          g(k * n) {}

    void run() {
        constexpr std::size_t kPart = 2 * kPanel;
        const auto gradient = arithmetic == Arithmetic::bf16 ? kernel_table().weight_gradient_bf16
                                                             : kernel_table().weight_gradient;
        parallel_for((n + kPart - 1) / kPart, [&](std::size_t task) {
            const std::size_t first = task * kPart;
            gradient({x.data(), k}, {y.data() + first, n}, rows, k, std::min(kPart, n - first),
                     {g.data() + first, n});
        });
    }

    Arithmetic arithmetic;
    std::size_t rows, k, n;
    Floats x;  // [rows, k]
    Floats y;  // [rows, n]
    Floats g;  // [k, n]
};

template <class Work>
BenchCase product_case(const char* name, Arithmetic arithmetic, std::size_t m, std::size_t k, std::size_t n,
                       const std::array<std::size_t, 3>& shown) {
    const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
    const auto repeats = static_cast<std::size_t>(std::max(1.0, std::ceil(kProductFlops / flops)));
    return {.name = text_of(name, " ", shown[0], "x", shown[1], "x", shown[2], suffix(arithmetic)),
            .flops = flops * static_cast<double>(repeats),
            .bytes = 0,
            .prepare = [=]() -> std::function<void()> {
                const auto work = std::make_shared<Work>(arithmetic, m, k, n);
                return [work, repeats] {
                    for (std::size_t i = 0; i < repeats; ++i) {
                        work->run();
                    }
                };
            }};
}

// One product of few rows for every thread, over and over.
BenchCase small_product_case(Arithmetic arithmetic, std::size_t m, std::size_t k, std::size_t n) {
    const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
    const auto repeats = static_cast<std::size_t>(std::ceil(kProductFlops / flops));
    const std::size_t threads = thread_count();
    return {.name = text_of("product ", m, "x", k, "x", n, ", one on each thread", suffix(arithmetic)),
            .flops = flops * static_cast<double>(repeats * threads),
            .bytes = 0,
            .prepare = [=]() -> std::function<void()> {
                const auto work =
                    std::make_shared<std::vector<Product>>(threads, Product(arithmetic, m, k, n));
                return [work, repeats] {
                    parallel_for(work->size(), [&](std::size_t task) {
                        for (std::size_t i = 0; i < repeats; ++i) {
                            (*work)[task].run();
                        }
                    });
                };
            }};
}

}  // namespace

void add_product_cases(std::vector<BenchCase>& cases, bool quick) {
    // Tokens x inputs x outputs of the presets' products, and of one stream's.
    using Shape = std::array<std::size_t, 3>;
    const std::vector<Shape> shapes =
        quick ? std::vector<Shape>{{4096, 256, 1024}, {32, 256, 1024}, {1, 256, 1024}}
              : std::vector<Shape>{{4096, 256, 768}, {4096, 256, 256}, {4096, 256, 1024}, {4096, 1024, 256},
                                   {4096, 128, 512}, {4096, 64, 256},  {16384, 64, 192},  {256, 256, 1024},
                                   {32, 256, 1024},  {1, 256, 1024}};
    for (const Shape& s : shapes) {
        for (const Arithmetic arithmetic : kBoth) {
            cases.push_back(s[0] < kSplitRows
                                ? small_product_case(arithmetic, s[0], s[1], s[2])
                                : product_case<Product>("product", arithmetic, s[0], s[1], s[2], s));
        }
    }
    for (const Arithmetic arithmetic : kBoth) {
        cases.push_back(
            product_case<WeightGradient>("weight gradient", arithmetic, 4096, 256, 1024, {256, 4096, 1024}));
    }
}

}  // namespace bitlaw::cli
