#include <algorithm>
#include <chrono>
#include <vector>

#include "bench_cases.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "on_ranks.hpp"
#include "peak.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace format;
using namespace kernels;
using namespace model;

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

struct Row {
    std::string name;
    double gflops;
    double bytes_per_second;  ///< 0 where that means nothing
};

Cell bytes_cell(const Row& row) {
    return row.bytes_per_second > 0 ? count_cell(static_cast<std::uint64_t>(row.bytes_per_second))
                                    : nothing_cell();
}

// Other libraries are no part of the tool: experiments/00-speed/run.sh measures them beside it and fills in
// peer and ratio.
Table table_of(const std::vector<Row>& rows, double peak) {
    Table table{.columns = {{"name", "kernel or step", true},
                            {"bytes_per_second", "bytes/s"},
                            {"gflops", "GFLOP/s"},
                            {"share", "share of peak"},
                            {"peer", "best peer"},
                            {"ratio", "ratio"}}};
    for (const Row& row : rows) {
        table.add({text_cell(row.name), bytes_cell(row), number_cell(row.gflops, 1),
                   share_cell(row.gflops / peak), nothing_cell(), nothing_cell()});
    }
    return table;
}

// A list in which every row stands alone, so that rows of many runs can be thrown together.
std::string json_rows(const std::vector<Row>& rows, double peak, std::uint64_t runs) {
    Table table{.columns = {{"name", ""},
                            {"gflops", ""},
                            {"share", ""},
                            {"peer", ""},
                            {"ratio", ""},
                            {"bytes_per_second", ""},
                            {"machine", ""},
                            {"threads", ""},
                            {"isa", ""},
                            {"runs", ""},
                            {"date", ""}}};
    for (const Row& row : rows) {
        table.add({text_cell(row.name), number_cell(row.gflops, 1), share_cell(row.gflops / peak),
                   nothing_cell(), nothing_cell(), bytes_cell(row), text_cell(machine_name()),
                   count_cell(thread_count()), text_cell(isa_name(chosen_isa())), count_cell(runs),
                   text_cell(today())});
    }
    return table.json_text();
}

struct Result {
    BenchCase item;
    double seconds;
};

// One byte's time in all parts, if they were measured: --only may have left some out.
void add_ideal(std::vector<Result>& results, BenchCase item) {
    double seconds = 0;
    for (const std::string& part : item.parts) {
        const auto found = std::find_if(results.begin(), results.end(),
                                        [&](const Result& result) { return result.item.name == part; });
        if (found == results.end()) {
            return;
        }
        seconds += found->seconds / found->item.bytes;
    }
    if (item.bytes == 0) {
        item.bytes = 1;
    }
    results.push_back({std::move(item), seconds});
}

int bench_kernels(const BenchArguments& a) {
    const FloatStateGuard float_state;
    constexpr std::uint64_t kQuickRuns = 3;
    const std::uint64_t runs = a.quick ? std::min(a.runs, kQuickRuns) : a.runs;
    ProgressLine line(a.common.quiet == 0);
    std::vector<BenchCase> cases = bench_cases(a.quick);
    std::erase_if(cases, [&](const BenchCase& item) { return !item.name.starts_with(a.only); });
    if (cases.empty()) {
        fail_usage("--only: no kernel or step has a name that begins with '", a.only,
                   "'; 'bitlaw bench --quick' shows some");
    }
    line.show("measuring the peak");
    const double before = peak_gflops(thread_count());
    const double one_thread = peak_gflops(1);
    std::vector<Result> results;
    for (BenchCase& item : cases) {
        if (!item.parts.empty()) {
            add_ideal(results, std::move(item));
            continue;
        }
        line.show("measuring " + item.name);
        const std::vector<double> seconds = sorted_seconds(item, runs);
        results.push_back({std::move(item), seconds[seconds.size() / 2]});
    }
    // Once more, since the machine may have been busier at the start.
    const double peak = std::max({before, one_thread, peak_gflops(thread_count())});
    line.clear();

    std::vector<Row> rows = {{peak_case(thread_count()).name, peak, 0}};
    if (thread_count() > 1) {
        rows.push_back({peak_case(1).name, one_thread, 0});
    }
    for (const auto& [item, seconds] : results) {
        rows.push_back({item.name, item.flops / seconds / 1e9, item.bytes / seconds});
    }
    if (a.common.json) {
        print(json_rows(rows, peak, runs));
    } else {
        print_table(table_of(rows, peak), a.common);
    }
    return kDone;
}

}  // namespace

int run_bench(const BenchArguments& a) {
    return on_ranks("bench", a.common.quiet > 1, [&](train::Ranks& ranks) {
        if (ranks.is_alone() && !a.ranks) {
            return bench_kernels(a);
        }
        bench_ranks(a, ranks);
        return kDone;
    });
}

}  // namespace bitlaw::cli
