#include "bitlaw/studies/study_findings.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/laws/law_odd.hpp"
#include "bitlaw/studies/study_recipe.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/overlap.hpp"

namespace bitlaw::studies {

using namespace train;
using namespace format;
using namespace laws;

double nominal_amount(const StudyConfig& config, std::uint64_t unique) {
    double best = 0;
    for (const DataAmount& amount : config.train_on) {
        const auto value = static_cast<double>(amount.unique);
        const auto distance = [&](double a) { return std::abs(std::log(a / static_cast<double>(unique))); };
        best = best == 0 || distance(value) < distance(best) ? value : best;
    }
    return best;
}

namespace {

constexpr std::uint64_t kBootstrapSeed = 20241;
constexpr std::size_t kProfiles = 9;
// Of a parameter in a study's models: bf16.
constexpr double kStoredBytes = 2.0;

void sort_out(StudyFindings& f) {
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

// Log rates about the mean of their seeds, times sqrt(n / (n - 1)), of every run that was repeated with
// another seed.
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

void find_measured_optima(StudyFindings& f) {
    constexpr std::size_t kFewestSizes = 3;
    const std::vector<double> deviations = seed_deviations(f);
    for (const double amount : f.amounts()) {
        if (const std::span<const BestRate> rates = f.best_of(amount); rates.size() >= kFewestSizes) {
            f.measured_optima.push_back(
                measured_optimum(rates, deviations, f.plan.config.bootstrap, kBootstrapSeed));
        }
    }
}

LawOptimum law_optimum(const StudyFindings& f, double coded, double bytes_per_parameter) {
    const auto size = [=](const FormLaw& law) {
        return adjusted_optimum(law, coded, coded, bytes_per_parameter);
    };
    const auto bits = [=](const FormLaw& law) { return law.bits(size(law), coded, coded); };
    const auto rate = [=](const FormLaw& law) {
        return adjusted_rate(law, {size(law), coded, coded, 0}, coded, bytes_per_parameter);
    };
    return {.bytes_per_parameter = bytes_per_parameter,
            .coded = coded,
            .parameters = interval_of(f.law(), f.bootstrap(), size),
            .adjusted = interval_of(f.law(), f.bootstrap(), rate),
            .bits = bits(f.law()),
            .parameters_by_form = range_over(f.forms, size),
            .adjusted_by_form = range_over(f.forms, rate),
            .bits_by_form = range_over(f.forms, bits)};
}

PredictedRate predicted_rate(const StudyFindings& f, double parameters, double unique, double passes) {
    PredictedRate predicted{{parameters, unique * passes, unique, 0}, {}};
    predicted.run.bits = f.law().bits(predicted.run);
    for (const FormResult& form : f.forms) {
        predicted.bits.push_back(interval_of(form.fit.law, std::span<const FormLaw>(form.bootstrap),
                                             [&](const FormLaw& law) { return law.bits(predicted.run); }));
    }
    return predicted;
}

void find_powers(StudyFindings& f) {
    const auto add = [&](bool over_size, double fixed, const std::vector<double>& x,
                         const std::vector<double>& y) {
        if (std::set<double>(x.begin(), x.end()).size() >= 4) {
            f.powers.push_back({over_size, fixed, fit_power(x, y, true), fit_power(x, y, false)});
        }
    };
    for (const double amount : f.amounts()) {
        std::vector<double> x;
        std::vector<double> y;
        for (const BestRate& rate : f.best) {
            if (rate.unique == amount) {
                x.push_back(rate.parameters);
                y.push_back(rate.bits);
            }
        }
        add(true, amount, x, y);
    }
    // Small amounts are read more often than large ones: what their bytes are worth by the law, or else read
    // once.
    std::map<double, std::pair<std::vector<double>, std::vector<double>>> by_size;
    for (const StudyResult& r : f.fitted) {
        if (f.has_law() || r.passes == 1) {
            auto& [bytes, bits] = by_size[static_cast<double>(r.parameters)];
            bytes.push_back(effective_bytes(static_cast<double>(r.trained_bytes),
                                            static_cast<double>(r.unique_bytes),
                                            f.has_law() ? f.law().repeat_scale() : 0.0));
            bits.push_back(f.counted_bits(r));
        }
    }
    for (const auto& [size, lists] : by_size) {
        add(false, size, lists.first, lists.second);
    }
}

void find_profiles(StudyFindings& f, const std::vector<ProfileRun>& runs) {
    f.profiles = isoflop_profiles(runs, kProfiles);
    std::vector<double> flops;
    std::vector<double> sizes;
    for (const Profile& profile : f.profiles) {
        if (profile.end == 0) {
            flops.push_back(profile.flops);
            // fit_power looks for falling powers, so its y is 1 / N.
            sizes.push_back(1.0 / profile.best_parameters);
        }
    }
    if (flops.size() >= 3) {
        PowerLaw power = fit_power(flops, sizes, false);
        power.scale = 1.0 / power.scale;
        power.power = -power.power;
        if (std::isfinite(power.scale)) {
            f.profile_power = power;
        }
    }
}

// A fit without one of its terms has no best size.
void require_terms(const Law& law) {
    if (law.size_scale == 0.0) {
        fail(
            "the fitted rates do not fall with the number of parameters (A = 0), so no size is best; train "
            "the larger networks longer, or look for a better learning rate");
    }
    if (law.data_scale == 0.0) {
        fail(
            "the fitted rates do not fall with the bytes trained on (B = 0); train on more different amounts "
            "of data");
    }
}

// A number for each fitted run, equal for those of one size and amount of different bytes: seeds and passes.
std::vector<std::size_t> cells_of(const StudyFindings& f) {
    std::map<std::pair<std::uint64_t, double>, std::size_t> numbers;
    std::vector<std::size_t> cells;
    for (const StudyResult& result : f.fitted) {
        const std::pair cell(result.parameters, nominal_amount(f.plan.config, result.unique_bytes));
        cells.push_back(numbers.emplace(cell, numbers.size()).first->second);
    }
    return cells;
}

void find_law(StudyFindings& f) {
    std::vector<LawPoint> points;
    std::vector<LawPoint> multiplied;
    std::vector<ProfileRun> runs;
    for (const StudyResult& result : f.fitted) {
        points.push_back(f.point(result));
        points.back().bits = f.counted_bits(result);
        multiplied.push_back(points.back());
        multiplied.back().parameters = static_cast<double>(result.multiplied_parameters);
        runs.push_back({points.back(), result.training_flops});
    }
    try {
        require_terms(fit_law(points).law);
        f.forms = compare_forms(runs, cells_of(f), {f.plan.config.bootstrap, kBootstrapSeed});
        const FormResult& lead = f.forms.front();
        f.without_embeddings = fit_form(*lead.fit.law.form, multiplied, FitLoss::squares);
        const std::vector<std::string> doubts = form_doubts(lead.fit, lead.huber, lead.bootstrap);
        f.doubts.insert(f.doubts.end(), doubts.begin(), doubts.end());
    } catch (const Error& error) {
        f.no_law = error.what();
    }
    find_measured_optima(f);
    find_powers(f);
    find_profiles(f, runs);
    if (!f.has_law()) {
        return;
    }
    for (MeasuredOptimum& optimum : f.measured_optima) {
        // What the runs did: the best number of passes, which is nearly always the most.
        const LawPoint trained{0, optimum.unique * most_passes(f.plan.config, optimum.unique), optimum.unique,
                               0};
        optimum.by_law = interval_of(f.law(), f.bootstrap(), [&](const FormLaw& law) {
            return adjusted_optimum(law, trained, optimum.unique, kStoredBytes);
        });
        if (optimum.parameters.has_bounds() && optimum.by_law.has_bounds() &&
            (optimum.by_law.low > optimum.parameters.high || optimum.by_law.high < optimum.parameters.low)) {
            const auto interval = [](const Interval& n) {
                return text_of(short_text(n.low), " to ", short_text(n.high));
            };
            f.doubts.push_back(text_of("at D = S = ", short_text(optimum.unique), " the best N is ",
                                       interval(optimum.parameters), " by the runs and ",
                                       interval(optimum.by_law), " by the law"));
        }
    }
    f.sensitivity = sensitivities(points, *f.law().form);
    std::set<std::uint64_t> coded(f.plan.config.coded_bytes.begin(), f.plan.config.coded_bytes.end());
    for (const DataAmount& amount : f.plan.config.train_on) {
        coded.insert(amount.unique);
    }
    for (const double cost : f.plan.config.bytes_per_parameter) {
        for (const std::uint64_t bytes : coded) {
            f.optima.push_back(law_optimum(f, static_cast<double>(bytes), cost));
        }
        f.predictions.push_back(law_optimum(f, static_cast<double>(f.plan.config.predict_bytes), cost));
    }
    for (const RateQuestion& question : f.plan.config.predict_rates) {
        for (const std::uint64_t passes : question.amount.passes) {
            f.predicted_rates.push_back(predicted_rate(f, static_cast<double>(question.parameters),
                                                       static_cast<double>(question.amount.unique),
                                                       static_cast<double>(passes)));
        }
    }
}

void find_rivals(StudyFindings& f, const std::string& held_out) {
    try {
        f.classical = classical_rates(f.plan.config, held_out, f.second_half);
    } catch (const Error& error) {
        f.no_classical = error.what();
    }
    f.rivals = rival_rates(f.plan.config);
}

void find_seen(StudyFindings& f, const std::string& held_out, const std::string& data) {
    if (data.empty()) {
        return;
    }
    try {
        f.seen_share =
            overlap_of(Corpus({data}), Corpus({held_out}), 2 * f.plan.config.held_out_bytes).repeated;
    } catch (const Error&) {
        // The data are not here: the report says that it is not known.
    }
}

}  // namespace

LawPoint StudyFindings::point(const StudyResult& result) const {
    return {static_cast<double>(result.parameters), static_cast<double>(result.trained_bytes),
            static_cast<double>(result.unique_bytes),
            second_half ? result.report_bits_per_byte : result.bits_per_byte};
}

double StudyFindings::counted_bits(const StudyResult& result) const {
    const auto found =
        std::find_if(odd.begin(), odd.end(), [&](const OddRun& o) { return o.run == result.run; });
    return found == odd.end() ? point(result).bits : found->counted;
}

double StudyFindings::choosing_bits(const StudyResult& result) const {
    const bool is_odd =
        std::any_of(odd.begin(), odd.end(), [&](const OddRun& o) { return o.run == result.run; });
    return is_odd ? counted_bits(result) : result.bits_per_byte;
}

std::span<const BestRate> StudyFindings::best_of(double amount) const {
    const auto first =
        std::find_if(best.begin(), best.end(), [=](const BestRate& rate) { return rate.unique == amount; });
    const auto last =
        std::find_if(first, best.end(), [=](const BestRate& rate) { return rate.unique != amount; });
    return {first, last};
}

std::vector<double> StudyFindings::amounts() const {
    std::set<double> list;
    for (const BestRate& rate : best) {
        list.insert(rate.unique);
    }
    return {list.begin(), list.end()};
}

double StudyFindings::shown_cost() const {
    const std::vector<double>& costs = plan.config.bytes_per_parameter;
    return *std::min_element(costs.begin(), costs.end(), [](double a, double b) {
        return std::abs(a - kStoredBytes) < std::abs(b - kStoredBytes);
    });
}

StudyFindings study_findings(const StudyPlan& plan, const std::string& held_out, const std::string& data) {
    StudyFindings f;
    f.plan = plan;
    sort_out(f);
    if (f.results.empty()) {
        fail(plan.results().string(), " holds no run of this config; run the study first");
    }
    for (const PrequentialRun& run : prequential_runs(plan.config)) {
        for (const PrequentialResult& result : read_prequential(prequential_results(plan.config))) {
            if (result.run == run.id) {
                f.prequential.push_back(result);
            }
        }
    }
    split_past_best(f);
    find_odd(f);
    find_best(f);
    find_law(f);
    if (!plan.config.bits.empty()) {
        f.precision = precision_findings(plan, f.fitted, f.forms, f.second_half);
    }
    find_rivals(f, held_out);
    find_seen(f, held_out, data);
    return f;
}

}  // namespace bitlaw::studies
