#include "bitlaw/studies/study_fit.hpp"

#include <cmath>
#include <map>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/overlap.hpp"
#include "fitted_runs.hpp"

namespace bitlaw::studies {

using namespace train;
using namespace format;
using namespace laws;

namespace {

constexpr std::uint64_t kBootstrapSeed = 20241;
constexpr std::size_t kProfiles = 9;

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

StudyFindings study_findings(const StudyPlan& plan, const std::string& held_out, const std::string& data) {
    StudyFindings f;
    f.plan = plan;
    sort_runs(f);
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
    choose_fitted(f);
    find_law(f);
    if (!plan.config.bits.empty()) {
        f.precision = precision_findings(plan, f.fitted, f.forms, f.second_half);
    }
    find_rivals(f, held_out);
    find_seen(f, held_out, data);
    return f;
}

}  // namespace bitlaw::studies
