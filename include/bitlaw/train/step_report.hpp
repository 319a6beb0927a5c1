#pragma once
/// \file What a training run tells after every step.

#include <cstdint>
#include <optional>
#include <string>

namespace bitlaw::train {

/// What happened in one step, for progress and metrics.csv.
struct StepReport {
    std::uint64_t step;    ///< steps done
    std::uint64_t steps;   ///< steps of the whole run
    std::uint64_t tokens;  ///< tokens seen
    std::uint64_t total_tokens;
    double bits_per_byte;              ///< of this step's batch, before the update
    double mean_bits_per_byte;         ///< moving mean
    double validation_bits_per_byte;   ///< negative unless measured in this step
    std::optional<double> copy_score;  ///< CopyScore::value(), measured with the validation
    std::string sample;                ///< drawn from the coding weights after this step; "": none was
    double learning_rate;
    double gradient_norm;
    double seconds;  ///< since this process began the run
    double tokens_per_second;
    double gflops;  ///< useful operations (training_flops) per second, in 10^9
};

}  // namespace bitlaw::train
