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

// The seconds of so many runs, sorted, after one run that counts for nothing: it fills caches and maps
// memory.
std::vector<double> sorted_seconds(const BenchCase& item, std::uint64_t runs) {
    using Clock = std::chrono::steady_clock;
    const std::function<void()> run = item.prepare();
    run();
    std::vector<double> seconds;
    for (std::uint64_t i = 0; i < runs; ++i) {
        throw_if_stopped("nothing was printed");
        const Clock::time_point start = Clock::now();
        run();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds;
}

// A limit is what was reached once, so the fastest run counts, of many. In 10^9 operations a second.
double peak_gflops(std::size_t threads) {
    constexpr std::uint64_t kPeakRuns = 20;
    const BenchCase item = peak_case(threads);
    return item.flops / sorted_seconds(item, kPeakRuns).front() / 1e9;
}

}  // namespace

int run_bench(const BenchArguments& a) {
    const FloatStateGuard float_state;
    constexpr std::uint64_t kQuickRuns = 3;
    const std::uint64_t runs = a.quick ? std::min(a.runs, kQuickRuns) : a.runs;
    ProgressLine line(a.common.quiet == 0);
    line.show("measuring the peak");
    const double before = peak_gflops(thread_count());
    const double one_thread = peak_gflops(1);
    struct Result {
        BenchCase item;
        double seconds;
    };
    std::vector<Result> results;
    for (BenchCase& item : bench_cases(a.quick)) {
        line.show("measuring " + item.name);
        const std::vector<double> seconds = sorted_seconds(item, runs);
        results.push_back({std::move(item), seconds[seconds.size() / 2]});
    }
    // Once more, since the machine may have been busier at the start.
    const double peak = std::max({before, one_thread, peak_gflops(thread_count())});
    line.clear();

    Table table({{"name", "what", true},
                 {"gflops", "GFLOP/s"},
                 {"share", "of peak"},
                 {"bytes_per_second", "bytes/s"}});
    const auto add = [&](const std::string& name, double gflops, Cell bytes_per_second) {
        table.add({text_cell(name), number_cell(gflops, 1), share_cell(gflops / peak),
                   std::move(bytes_per_second)});
    };
    add(peak_case(thread_count()).name, peak, nothing_cell());
    if (thread_count() > 1) {
        add(peak_case(1).name, one_thread, nothing_cell());
    }
    for (const auto& [item, seconds] : results) {
        add(item.name, item.flops / seconds / 1e9,
            item.bytes > 0 ? count_cell(static_cast<std::uint64_t>(item.bytes / seconds)) : nothing_cell());
    }
    print_table(table, a.common, {{"runs", count_cell(runs)}, {"peak_gflops", number_cell(peak, 1)}});
    return kDone;
}

}  // namespace bitlaw::cli
