#pragma once
/// \file A study's models at few bits a weight: bits.csv, the law with precision, and its best size and bits.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/format/table.hpp"
#include "bitlaw/laws/form_comparison.hpp"
#include "bitlaw/laws/precision_law.hpp"
#include "bitlaw/studies/study_plan.hpp"
#include "bitlaw/studies/study_results.hpp"

namespace bitlaw::studies {

/// A run's model quantised to some bits a weight. Units stand in the file's header.
struct PrecisionResult {
    std::string run;
    std::string recipe;  ///< of the run
    double bits = 0;     ///< a weight, as the config asks
    std::uint64_t parameters = 0;
    std::uint64_t model_bytes = 0;    ///< header and weights, as an archive embeds them
    double bits_per_byte = 0;         ///< of the held-out bytes' first half, as results.csv has it
    double report_bits_per_byte = 0;  ///< of the second half
    [[nodiscard]] double bits_per_weight() const {
        return 8.0 * static_cast<double>(model_bytes) / static_cast<double>(parameters);
    }
};

[[nodiscard]] std::filesystem::path precision_results(const StudyPlan& plan);
/// Rows of bits.csv; none when there is no such file. Throws Error naming file and line.
[[nodiscard]] std::vector<PrecisionResult> read_precision(const std::filesystem::path& path);

/// Told which run is measured at which bits.
using PrecisionWatch = std::function<void(const std::string& run, double bits)>;

/// Quantises the models of all ended runs to the config's bits and measures them, each row once: curvature by
/// the data's first bytes, 131,072 at most. `trunk`: of that trunk's runs only, if not empty. The plan has
/// recipes. Returns the rows made; a run whose model is gone is left out. Class A.
std::size_t run_precision(const StudyPlan& plan, ByteSpan data, ByteSpan held_out, const std::string& trunk,
                          const PrecisionWatch& watch);

/// Where the adjusted rate is least over N and q together, for D = S bytes, and between which values the
/// forms put it; beside it the least at 16 bits.
struct PrecisionBest {
    double coded = 0;
    laws::PrecisionOptimum best = {};  ///< by the leading forms
    laws::FormRange parameters = {};
    laws::FormRange bits_per_weight = {};
    laws::FormRange adjusted = {};
    double adjusted_at_16 = 0;
};

struct PrecisionFindings {
    std::vector<PrecisionResult> results;
    std::vector<laws::PrecisionPoint> points;  ///< of the fitted runs, below 16 bits
    std::vector<laws::PrecisionFit> fits;      ///< with the leading law, the least hold-out error first
    std::vector<PrecisionBest> best;           ///< of each of coded_bytes
    std::string no_law;                        ///< why there is none
};

/// Fits the forms with each law of `forms` (the leading one first) to bits.csv. Class B.
[[nodiscard]] PrecisionFindings precision_findings(const StudyPlan& plan,
                                                   const std::vector<StudyResult>& fitted,
                                                   const std::vector<laws::FormResult>& forms,
                                                   bool second_half);

/// Tables "bits" (rows), "precision_forms" and "precision_optimum"; without rows where there is nothing.
[[nodiscard]] std::vector<format::Table> precision_tables(const PrecisionFindings& findings);

}  // namespace bitlaw::studies
