#include "peak.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "bench_cases.hpp"

namespace bitlaw::cli {

double peak_gflops(std::size_t threads, std::uint64_t runs) {
    using Clock = std::chrono::steady_clock;
    const BenchCase item = peak_case(threads);
    const std::function<void()> run = item.prepare();
    run();
    double fastest = std::numeric_limits<double>::infinity();
    for (std::uint64_t i = 0; i < runs; ++i) {
        const Clock::time_point start = Clock::now();
        run();
        fastest = std::min(fastest, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return item.flops / fastest / 1e9;
}

}  // namespace bitlaw::cli
