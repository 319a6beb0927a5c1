#include <algorithm>
#include <chrono>
#include <vector>

#include "bench_cases.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {
namespace {

// The median of the seconds of so many runs, after one that counts for nothing: it fills caches and maps memory.
double median_seconds(const std::function<void()>& run, std::uint64_t runs) {
    using Clock = std::chrono::steady_clock;
    run();
    std::vector<double> seconds;
    for (std::uint64_t i = 0; i < runs; ++i) {
        throw_if_stopped("nothing was printed");
        const Clock::time_point start = Clock::now();
        run();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
    std::nth_element(seconds.begin(), middle, seconds.end());
    return *middle;
}

}  // namespace

int run_bench(const BenchArguments& a) {
    const FloatStateGuard float_state;
    constexpr std::uint64_t kQuickRuns = 3;
    const std::uint64_t runs = a.quick ? std::min(a.runs, kQuickRuns) : a.runs;
    Table table({{"name", "what", true}, {"gflops", "GFLOP/s"}, {"share", "of peak"}, {"bytes_per_second", "bytes/s"}});
    ProgressLine line(a.common.quiet == 0);
    double peak = 0;
    const auto measure = [&](const BenchCase& item) {
        line.show("measuring " + item.name);
        const double seconds = median_seconds(item.prepare(), runs);
        const double gflops = item.flops / seconds / 1e9;
        if (peak == 0) {
            peak = gflops;
        }
        table.add({text_cell(item.name), number_cell(gflops, 1), share_cell(gflops / peak),
                   item.bytes > 0 ? count_cell(static_cast<std::uint64_t>(item.bytes / seconds)) : nothing_cell()});
    };
    // The limit on all threads comes first: every share is one of it.
    measure(peak_case(thread_count()));
    if (thread_count() > 1) {
        measure(peak_case(1));
    }
    for (const BenchCase& item : bench_cases(a.quick)) {
        measure(item);
    }
    line.clear();
    print_table(table, a.common, {{"runs", count_cell(runs)}, {"peak_gflops", number_cell(peak, 1)}});
    return kDone;
}

}  // namespace bitlaw::cli
