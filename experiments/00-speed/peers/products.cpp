// Matrix products of other libraries at the shapes that `bitlaw bench` measures: Eigen 3.4, OpenBLAS and oneDNN (weights
// packed beforehand; fp32 and bf16). No part of bitlaw: it is built and run by experiments/00-speed/run.sh.
//
// products THREADS RUNS: one line a measurement, "row <tab> threads <tab> library <tab> GFLOP/s", rows named as bitlaw
// names them. The median of RUNS counts. As in bitlaw, a product of 32 rows or fewer is not split: every thread does its own.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <omp.h>

#include <Eigen/Core>
#include <cblas.h>
#include <oneapi/dnnl/dnnl.hpp>

namespace {

using Clock = std::chrono::steady_clock;
using Run = std::function<void()>;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kRunFlops = 2e9;  // of one measurement, as in bitlaw: some 10 ms
constexpr double kWarmSeconds = 0.03;

struct Shape {
    std::string row;
    int m, k, n;      // C [m, n] = A [m, k] x W [k, n]
    bool transposed;  // A is stored [k, m]: the weight gradient, X transposed x Y, of which no operand can be packed
};

const std::vector<Shape> kShapes = {
    {"product 4096x256x768", 4096, 256, 768, false},
    {"product 4096x256x256", 4096, 256, 256, false},
    {"product 4096x256x1024", 4096, 256, 1024, false},
    {"product 4096x1024x256", 4096, 1024, 256, false},
    {"product 4096x128x512", 4096, 128, 512, false},
    {"product 4096x64x256", 4096, 64, 256, false},
    {"product 16384x64x192", 16384, 64, 192, false},
    {"product 256x256x1024", 256, 256, 1024, false},
    {"product 32x256x1024, one on each thread", 32, 256, 1024, false},
    {"product 1x256x1024, one on each thread", 1, 256, 1024, false},
    {"weight gradient 256x4096x1024", 256, 4096, 1024, true},
};

double flops_of(const Shape& s) { return 2.0 * s.m * s.k * s.n; }

double seconds_of(const Run& run) {
    const Clock::time_point start = Clock::now();
    run();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median_seconds(const Run& run, int runs) {
    for (double warm = 0; warm < kWarmSeconds;) {
        warm += seconds_of(run);
    }
    std::vector<double> seconds;
    for (int i = 0; i < runs; ++i) {
        seconds.push_back(seconds_of(run));
    }
    std::nth_element(seconds.begin(), seconds.begin() + runs / 2, seconds.end());
    return seconds[static_cast<std::size_t>(runs) / 2];
}

Matrix random_matrix(int rows, int columns) { return Matrix::Random(rows, columns) * 0.5F; }

// Operands of one product; every library reads the same layout, rows one after the other.
struct Operands {
    explicit Operands(const Shape& s)
        : a(s.transposed ? random_matrix(s.k, s.m) : random_matrix(s.m, s.k)), w(random_matrix(s.k, s.n)), c(s.m, s.n) {}
    Matrix a, w, c;
};

struct Prepared {
    std::shared_ptr<Operands> operands;
    Run run;
};

Prepared eigen(const Shape& s) {
    const auto o = std::make_shared<Operands>(s);
    if (s.transposed) {
        return {o, [o] { o->c.noalias() = o->a.transpose() * o->w; }};
    }
    return {o, [o] { o->c.noalias() = o->a * o->w; }};
}

Prepared openblas(const Shape& s) {
    const auto o = std::make_shared<Operands>(s);
    return {o, [o, s] {
        cblas_sgemm(CblasRowMajor, s.transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, s.m, s.n, s.k, 1.0F, o->a.data(),
                    s.transposed ? s.m : s.k, o->w.data(), s.n, 0.0F, o->c.data(), s.n);
    }};
}

// The library chooses the layout of W, which is brought into it beforehand, as for weights that are used many times. A bf16
// product reads bf16 and writes fp32; A is rounded beforehand, which bitlaw does within its product.
Prepared onednn(const Shape& s, dnnl::memory::data_type type) {
    using dnnl::memory;
    using Tag = memory::format_tag;
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    static dnnl::stream stream(engine);
    const auto o = std::make_shared<Operands>(s);
    const auto plain = [](memory::dims dims, Tag tag) { return memory::desc(dims, memory::data_type::f32, tag); };
    const Tag a_tag = s.transposed ? Tag::ba : Tag::ab;
    const memory::desc a_desc({s.m, s.k}, type, a_tag);
    const memory::desc w_desc({s.k, s.n}, type, s.transposed ? Tag::ab : Tag::any);
    const memory::desc c_desc({s.m, s.n}, memory::data_type::f32, Tag::ab);
    const dnnl::matmul::primitive_desc plan(dnnl::matmul::desc(a_desc, w_desc, c_desc), engine);
    const auto reordered = [](const memory::desc& from, float* data, const memory::desc& to) {
        memory source(from, engine, data);
        memory result(to, engine);
        dnnl::reorder(source, result).execute(stream, source, result);
        stream.wait();
        return result;
    };
    const memory a = reordered(plain({s.m, s.k}, a_tag), o->a.data(), plan.src_desc());
    const memory w = reordered(plain({s.k, s.n}, Tag::ab), o->w.data(), plan.weights_desc());
    const memory c(plan.dst_desc(), engine, o->c.data());
    const dnnl::matmul product(plan);
    return {o, [=, kept = o] {
        dnnl::stream local(engine);
        product.execute(local, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, c}});
        local.wait();
    }};
}

struct Library {
    std::string name;
    std::string suffix;  // of the row's name
    std::function<Prepared(const Shape&)> prepare;
};

// A product that is not the product would make a table of nothing. Rounding to bf16 costs some 0.3 % of the mean square root.
Run checked(const Library& library, const Shape& s) {
    const auto [operands, run] = library.prepare(s);
    run();
    const Matrix a = s.transposed ? Matrix(operands->a.transpose()) : operands->a;
    const Matrix expected = a * operands->w;
    if (!((operands->c - expected).norm() <= 0.01F * expected.norm())) {
        std::fprintf(stderr, "products: %s gives another result for %s\n", library.name.c_str(), s.row.c_str());
        std::exit(1);
    }
    return run;
}

// Many times the product; on every thread its own when it is small, and the library is told to use one thread.
Run repeated(const Library& library, const Shape& s, int threads) {
    const int repeats = static_cast<int>(std::max(1.0, std::ceil(kRunFlops / flops_of(s))));
    const auto loop = [repeats](const Run& run) {
        for (int i = 0; i < repeats; ++i) {
            run();
        }
    };
    if (s.m >= 96 || threads == 1) {
        return [=, run = checked(library, s)] { loop(run); };
    }
    std::vector<Run> each;
    for (int i = 0; i < threads; ++i) {
        each.push_back(checked(library, s));
    }
    return [=] {
#pragma omp parallel num_threads(threads)
        loop(each[static_cast<std::size_t>(omp_get_thread_num())]);
    };
}

double gflops(const Library& library, const Shape& s, int threads, int runs) {
    const bool one_each = s.m < 96;
    const int inner = one_each ? 1 : threads;
    Eigen::setNbThreads(inner);
    openblas_set_num_threads(inner);
    omp_set_num_threads(inner);
    const Run run = repeated(library, s, threads);
    const double repeats = std::max(1.0, std::ceil(kRunFlops / flops_of(s))) * (one_each ? threads : 1);
    return flops_of(s) * repeats / median_seconds(run, runs) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: products THREADS RUNS\n", stderr);
        return 2;
    }
    const int threads = std::atoi(argv[1]);
    const int runs = std::atoi(argv[2]);
    if (threads < 1 || runs < 1) {
        std::fputs("products: THREADS and RUNS must be at least 1\n", stderr);
        return 2;
    }
    std::fprintf(stderr, "OpenBLAS: %s\n", openblas_get_config());
    std::fprintf(stderr, "OpenBLAS core: %s\n", openblas_get_corename());
    const std::vector<Library> libraries = {
        {"Eigen", "", eigen},
        {"OpenBLAS", "", openblas},
        {"oneDNN fp32", "", [](const Shape& s) { return onednn(s, dnnl::memory::data_type::f32); }},
        {"oneDNN bf16", ", bf16", [](const Shape& s) { return onednn(s, dnnl::memory::data_type::bf16); }},
    };
    for (const Library& library : libraries) {
        // Idle threads of the library before go to sleep.
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        for (const Shape& s : kShapes) {
            std::printf("%s%s\t%d\t%s\t%.1f\n", s.row.c_str(), library.suffix.c_str(), threads, library.name.c_str(),
                        gflops(library, s, threads, runs));
            std::fflush(stdout);
        }
    }
}
