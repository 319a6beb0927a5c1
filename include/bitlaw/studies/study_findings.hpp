#pragma once
/// \file All that a study's results say: fits, optima, predictions, with intervals.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/laws/form_comparison.hpp"
#include "bitlaw/studies/measured_curve.hpp"
#include "bitlaw/studies/prequential.hpp"
#include "bitlaw/studies/study_plan.hpp"
#include "bitlaw/studies/study_precision.hpp"
#include "bitlaw/studies/study_results.hpp"
#include "bitlaw/studies/study_rivals.hpp"

namespace bitlaw::studies {

/// Where the leading law's adjusted rate is least, and between which values the forms put it.
struct LawOptimum {
    double bytes_per_parameter = 0;
    double coded = 0;  ///< S, and D
    laws::Interval parameters;
    laws::Interval adjusted;
    double bits = 0;  ///< raw, at the optimum
    laws::FormRange parameters_by_form;
    laws::FormRange adjusted_by_form;
    laws::FormRange bits_by_form;
};

/// A rate that the config asks for: of N parameters after some passes over U different bytes.
struct PredictedRate {
    laws::LawPoint run;                ///< its bits are the leading law's
    std::vector<laws::Interval> bits;  ///< of each form, in the order of StudyFindings::forms
};

/// A power law over one variable at one value of the other.
struct PowerRow {
    bool over_size = false;  ///< over N at a fixed amount of bytes, otherwise over D' at a fixed size
    double fixed = 0;        ///< the amount or the size
    laws::PowerLaw with_floor;
    laws::PowerLaw pure;
};

/// A run far off the law of the others: odd_points().
struct OddRun {
    std::string run;
    double bits = 0;      ///< as measured
    double expected = 0;  ///< by the others
    double counted = 0;   ///< in all fits and means
};

/// Bytes of a parameter in a study's models: bf16.
inline constexpr double kStoredBytes = 2.0;

struct StudyFindings {
    StudyPlan plan;
    std::vector<StudyResult> results;  ///< of the plan's runs, in the order of the file
    std::size_t missing = 0;           ///< runs of the plan without a row
    std::size_t other_rows = 0;        ///< rows of runs that the plan does not have, left out
    /// Rates are of the second half of the held-out bytes: every row of the plan has it. What is chosen
    /// (passes, runs that are not fitted) is chosen on the first half in any case.
    bool second_half = false;
    std::vector<StudyResult> diverged;
    std::vector<StudyResult>
        past_best;  ///< more passes than served: fewer gave a lower rate, so they are not fitted
    std::vector<StudyResult> fitted;             ///< the first context's other runs
    std::vector<OddRun> odd;                     ///< those of the fitted that count as something else
    PrecisionFindings precision;                 ///< of models at few bits a weight
    std::vector<PrequentialResult> prequential;  ///< of the plan's prequential runs
    std::vector<BestRate> best;                  ///< of the first context, by unique bytes, then parameters
    std::vector<MeasuredOptimum> measured_optima;
    std::string no_law;                   ///< why there is no law; empty when there is one
    std::vector<std::string> doubts;      ///< odd runs, form_doubts() of the leading form
    std::vector<laws::FormResult> forms;  ///< the one that predicts best first
    laws::FormFit without_embeddings;  ///< the leading form with N the parameters without the embedding table
    std::vector<laws::Sensitivity> sensitivity;  ///< of the leading form
    std::vector<laws::Profile> profiles;
    std::optional<laws::PowerLaw>
        profile_power;  ///< best N of the profiles over operations, its power negative
    std::vector<PowerRow> powers;
    std::vector<LawOptimum> optima;       ///< every bytes_per_parameter x (coded_bytes and the data amounts)
    std::vector<LawOptimum> predictions;  ///< at predict_bytes, every bytes_per_parameter
    std::vector<PredictedRate> predicted_rates;
    std::vector<ClassicalRate> classical;
    std::optional<double> seen_share;  ///< of the held-out windows of 64 bytes, those that the data have
    std::vector<RivalRate> rivals;     ///< on as many bytes as are coded
    std::string no_classical;          ///< why their lines are missing

    /// A run's rate as the fits see it: of the half that is reported, but for odd runs.
    [[nodiscard]] double counted_bits(const StudyResult& result) const;
    /// What passes are chosen by: the rate of the first half, but for odd runs.
    [[nodiscard]] double choosing_bits(const StudyResult& result) const;
    /// A run with its measured rate of the half that is reported.
    [[nodiscard]] laws::LawPoint point(const StudyResult& result) const;
    [[nodiscard]] bool has_law() const { return no_law.empty(); }
    /// The law of the form that predicts best; there is one.
    [[nodiscard]] const laws::FormLaw& law() const { return forms.front().fit.law; }
    [[nodiscard]] std::span<const laws::FormLaw> bootstrap() const { return forms.front().bootstrap; }
    /// The best rates of an amount, ascending in N.
    [[nodiscard]] std::span<const BestRate> best_of(double amount) const;
    [[nodiscard]] std::vector<double> amounts() const;  ///< unique bytes that have rates, ascending
    /// The config's bytes_per_parameter nearest to 2, as models are stored: pictures and sentences are at it.
    [[nodiscard]] double shown_cost() const;
};

/// The config's amount that a run's unique bytes stand for: whole steps may be a little less.
[[nodiscard]] double nominal_amount(const StudyConfig& config, std::uint64_t unique);

}  // namespace bitlaw::studies
