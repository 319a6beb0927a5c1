#pragma once
/// \file What a study keeps of a run that ended, well or not.

#include <cstdint>
#include <optional>
#include <string>

#include "bitlaw/studies/study_plan.hpp"

namespace bitlaw::studies {

/// A row of results.csv. Units stand in the file's header.
struct StudyResult {
    std::string run;
    std::string status;  ///< "done", or "diverged": not finite, or worse than no model at all
    std::string recipe;
    std::uint64_t size = 0;
    std::uint64_t parameters = 0;
    std::uint64_t multiplied_parameters = 0;  ///< without embeddings
    std::uint64_t width = 0;
    std::uint64_t layers = 0;
    std::uint64_t context = 0;
    std::uint64_t seed = 0;
    std::uint64_t unique_bytes = 0;
    std::uint64_t passes = 0;
    std::uint64_t trained_bytes = 0;
    std::uint64_t steps = 0;
    std::uint64_t batch_bytes = 0;
    double learning_rate = 0;
    double matrix_learning_rate = 0;
    double training_flops = 0;
    std::uint64_t held_out_bytes = 0;   ///< of the first half, on which settings are chosen
    double bits_per_byte = 0;           ///< of them: archive without the model, continuous context
    double chunk_bits_per_byte = 0;     ///< from the held-out data's start, independent chunks of the context
    std::uint64_t report_bytes = 0;     ///< of the second half, for reports; 0 in rows of earlier versions
    double report_bits_per_byte = 0;    ///< of them, as bits_per_byte; 0 without
    std::optional<double> copy_score;   ///< CopyScore::value(); none where the alphabet lacks letters
    double training_bits_per_byte = 0;  ///< mean of the last steps
    std::uint64_t model_bytes = 0;      ///< header and coding weights, as an archive embeds them
    double seconds = 0;  ///< by the process that finished it; shared beginnings count for their first run
    std::uint64_t threads = 0;
    std::string date;  ///< UTC
    [[nodiscard]] bool is_done() const { return status == "done"; }
    [[nodiscard]] bool has_report() const { return report_bytes > 0; }
};

/// A row with everything that the plan knows; the caller adds what was measured.
[[nodiscard]] StudyResult planned_result(const StudyTrunk& trunk, const StudyRun& run);

}  // namespace bitlaw::studies
