#include "fitted_runs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/laws/law_odd.hpp"

namespace bitlaw::studies {

using namespace format;
using namespace laws;

namespace {

// Of all fitted runs, those that more passes only made worse.
void split_past_best(StudyFindings& f) {
    std::vector<StudyResult> done = std::move(f.fitted);
    done.insert(done.end(), f.past_best.begin(), f.past_best.end());
    f.fitted.clear();
    f.past_best.clear();
    // The lowest rate so far of each network, data and seed, by passes.
    std::sort(done.begin(), done.end(), [](const StudyResult& a, const StudyResult& b) {
        return std::tuple(a.parameters, a.unique_bytes, a.seed, a.passes) <
               std::tuple(b.parameters, b.unique_bytes, b.seed, b.passes);
    });
    std::map<std::tuple<std::uint64_t, double, std::uint64_t>, double> lowest;
    for (const StudyResult& result : done) {
        const auto [before, is_first] = lowest.emplace(
            std::tuple(result.parameters, nominal_amount(f.plan.config, result.unique_bytes), result.seed),
            f.choosing_bits(result));
        const bool is_worse = !is_first && f.choosing_bits(result) > before->second;
        before->second = std::min(before->second, f.choosing_bits(result));
        (is_worse ? f.past_best : f.fitted).push_back(result);
    }
}

// Odd runs, and the runs past their best again, since a rate that is far too low hides those of more passes.
void find_odd(StudyFindings& f) {
    std::vector<LawPoint> points;
    for (const StudyResult& result : f.fitted) {
        points.push_back(f.point(result));
    }
    std::vector<OddPoint> odd;
    try {
        odd = odd_points(points);
    } catch (const Error&) {
        return;  // there is no law either, and find_law() says why
    }
    for (const OddPoint& point : odd) {
        const StudyResult& result = f.fitted[point.index];
        const double bits = points[point.index].bits;
        f.odd.push_back({result.run, bits, point.expected, point.counted});
        f.doubts.push_back(text_of("run ", result.run, " has ", fixed_text(bits, 3),
                                   " bits per byte where the others put ", fixed_text(point.expected, 3),
                                   ", so it counts as ", fixed_text(point.counted, 3),
                                   "; if its training failed, run it again without its row in results.csv"));
    }
    if (!odd.empty()) {
        split_past_best(f);
    }
}

// Means over seeds, then the best of the passes.
void find_best(StudyFindings& f) {
    struct Sum {
        double chosen_by = 0;  // bits of the first half
        double bits = 0;
        double model_bytes = 0;
        std::size_t count = 0;
    };
    std::map<std::tuple<double, std::uint64_t, std::uint64_t>, Sum> sums;  // amount, parameters, passes
    for (const auto* list : {&f.fitted, &f.past_best}) {
        for (const StudyResult& result : *list) {
            Sum& sum =
                sums[{nominal_amount(f.plan.config, result.unique_bytes), result.parameters, result.passes}];
            sum.chosen_by += f.choosing_bits(result);
            sum.bits += f.counted_bits(result);
            sum.model_bytes += static_cast<double>(result.model_bytes);
            ++sum.count;
        }
    }
    double lowest = 0;  // of the passes so far
    for (const auto& [key, sum] : sums) {
        const auto& [amount, parameters, passes] = key;
        const auto count = static_cast<double>(sum.count);
        const BestRate rate{.parameters = static_cast<double>(parameters),
                            .unique = amount,
                            .passes = passes,
                            .seeds = sum.count,
                            .bits = sum.bits / count,
                            .model_bytes = sum.model_bytes / count};
        const bool is_same = !f.best.empty() && f.best.back().unique == rate.unique &&
                             f.best.back().parameters == rate.parameters;
        const double chosen_by = sum.chosen_by / count;
        if (!is_same) {
            f.best.push_back(rate);
            lowest = chosen_by;
        } else if (chosen_by < lowest) {
            f.best.back() = rate;
            lowest = chosen_by;
        }
    }
}

}  // namespace

void sort_runs(StudyFindings& f) {
    std::set<std::string> planned;
    for (const StudyTrunk& trunk : f.plan.trunks) {
        for (const StudyRun& run : trunk.runs) {
            planned.insert(run.id);
        }
    }
    for (StudyResult& result : read_all_results(f.plan)) {
        if (planned.erase(result.run) == 0) {
            ++f.other_rows;  // of an earlier config
            continue;
        }
        f.results.push_back(result);
        if (!result.is_done()) {
            f.diverged.push_back(result);
        } else if (result.context == f.plan.config.contexts.front()) {
            f.fitted.push_back(result);
        }
    }
    f.missing = planned.size();
    f.second_half = std::all_of(f.results.begin(), f.results.end(),
                                [](const StudyResult& r) { return !r.is_done() || r.has_report(); });
    require_same_settings(f.plan, f.results);
}

void choose_fitted(StudyFindings& f) {
    split_past_best(f);
    find_odd(f);
    find_best(f);
}

std::vector<double> seed_deviations(const StudyFindings& f) {
    std::map<std::tuple<std::uint64_t, double, std::uint64_t>, std::vector<double>> cells;
    for (const auto* list : {&f.fitted, &f.past_best}) {
        for (const StudyResult& result : *list) {
            cells[{result.parameters, nominal_amount(f.plan.config, result.unique_bytes), result.passes}]
                .push_back(std::log(f.counted_bits(result)));
        }
    }
    std::vector<double> deviations;
    for (const auto& [cell, logs] : cells) {
        if (logs.size() < 2) {
            continue;
        }
        const auto n = static_cast<double>(logs.size());
        const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / n;
        for (const double value : logs) {
            deviations.push_back((value - mean) * std::sqrt(n / (n - 1.0)));
        }
    }
    return deviations;
}

}  // namespace bitlaw::studies
