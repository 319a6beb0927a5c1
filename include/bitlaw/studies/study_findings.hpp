#pragma once
/// \file All that a study's results say: fits, optima, predictions, with intervals.

#include <optional>
#include <string>
#include <vector>

#include "bitlaw/laws/law_profiles.hpp"
#include "bitlaw/studies/study_plan.hpp"
#include "bitlaw/studies/study_results.hpp"

namespace bitlaw::studies {

/// The best that a size reached on an amount of different bytes, over the passes, seeds averaged.
struct BestRate {
    double parameters = 0;
    double unique = 0;  ///< as the config names it
    std::uint64_t passes = 0;
    std::size_t seeds = 0;
    double bits = 0;
    double model_bytes = 0;
    /// (archive bytes + model bytes) / original bytes, when the model codes as many bytes as it was trained
    /// on.
    [[nodiscard]] double adjusted() const { return bits / 8.0 + model_bytes / unique; }
};

/// Where the adjusted rate at S = D is least, read off the measured rates themselves: the lowest point of a
/// parabola in log N through the best size and up to two on each side.
struct MeasuredOptimum {
    double unique = 0;
    laws::Interval by_law =
        {};  ///< N where the law's adjusted rate is least, at 2 bytes a parameter; 0 without a law
    laws::Interval parameters;  ///< bounded where there is a law and the optimum lies inside
    laws::Interval adjusted;    ///< bounded where there is a law
    bool is_inside = false;     ///< neither the smallest nor the largest size was best
};

/// Where the law's adjusted rate is least.
struct LawOptimum {
    double bytes_per_parameter = 0;
    double coded = 0;  ///< S, and D for the rate
    laws::Interval parameters;
    laws::Interval adjusted;
    double bits = 0;  ///< raw, at the optimum
};

/// A power law over one variable at one value of the other.
struct PowerRow {
    bool over_size = false;  ///< over N at a fixed amount of bytes, otherwise over D' at a fixed size
    double fixed = 0;        ///< the amount or the size
    laws::PowerLaw with_floor;
    laws::PowerLaw pure;
};

/// What a classical compressor makes of the held-out bytes.
struct ClassicalRate {
    std::string name;  ///< with its settings: "gzip -9"
    std::uint64_t bytes = 0;
    double bits_per_byte = 0;
};

/// A run far off the law of the others: odd_points().
struct OddRun {
    std::string run;
    double bits = 0;      ///< as measured
    double expected = 0;  ///< by the others
    double counted = 0;   ///< in all fits and means
};

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
    std::vector<StudyResult> fitted;  ///< the first context's other runs
    std::vector<OddRun> odd;          ///< those of the fitted that count as something else
    std::vector<BestRate> best;       ///< of the first context, by unique bytes, then parameters
    std::vector<MeasuredOptimum> measured_optima;
    std::string no_law;               ///< why there is no law; empty when there is one
    std::vector<std::string> doubts;  ///< odd runs, law_doubts()
    laws::LawFit fit;
    std::vector<laws::Law> bootstrap;
    laws::LawFit huber;
    laws::LawFit without_embeddings;  ///< with N the parameters without the embedding table
    std::vector<laws::Sensitivity> sensitivity;
    std::vector<laws::Extrapolation> extrapolation;
    std::vector<laws::Profile> profiles;
    std::optional<laws::PowerLaw>
        profile_power;  ///< best N of the profiles over operations, its power negative
    std::vector<PowerRow> powers;
    std::vector<LawOptimum> optima;       ///< every bytes_per_parameter x (coded_bytes and the data amounts)
    std::vector<LawOptimum> predictions;  ///< at predict_bytes, every bytes_per_parameter
    std::vector<ClassicalRate> classical;
    std::string no_classical;  ///< why their lines are missing

    /// A run's rate as the fits see it: of the half that is reported, but for odd runs.
    [[nodiscard]] double counted_bits(const StudyResult& result) const;
    /// What passes are chosen by: the rate of the first half, but for odd runs.
    [[nodiscard]] double choosing_bits(const StudyResult& result) const;
    /// A run with its measured rate of the half that is reported.
    [[nodiscard]] laws::LawPoint point(const StudyResult& result) const;
    [[nodiscard]] bool has_law() const { return no_law.empty(); }
    [[nodiscard]] std::vector<double> amounts() const;  ///< unique bytes that have rates, ascending
    /// The config's bytes_per_parameter nearest to 2, as models are stored: pictures and sentences are at it.
    [[nodiscard]] double shown_cost() const;
};

/// Computes everything from results.csv; `held_out` is the data's path, for the classical compressors. There
/// is no law when the fit lacks one of its terms. Class B.
[[nodiscard]] StudyFindings study_findings(const StudyPlan& plan, const std::string& held_out);

}  // namespace bitlaw::studies
