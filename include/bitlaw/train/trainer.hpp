#pragma once
/// \file A training run from options to files: corpus, schedule, optimizer, validation, checkpoints, exact
/// resume.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::train {

/// Which optimizer takes the hidden layers' matrices; AdamW takes all other tensors.
enum class Optimizer : std::uint8_t {
    automatic,  ///< muon for modern, adamw for vanilla
    adamw,
    muon,
};

/// Options of a run; every default is in force unless said otherwise and is written to the checkpoint's
/// record.
struct TrainOptions {
    std::vector<std::string> data;  ///< files, or file@begin:end for a range of bytes (K, M, G accepted)
    std::vector<std::string> validation;  ///< the same; empty: no validation
    std::filesystem::path out;            ///< folder for model.blm, state.bls, metrics.csv, run.json
    std::string preset = "200k";          ///< name for the record; config holds the sizes
    model::ModelConfig config;
    model::Precision precision = model::Precision::bf16;  ///< of the coding weights
    std::uint64_t seed = 1;
    std::uint64_t tokens = 0;  ///< budget; 0 when minutes is given
    double minutes = 0;  ///< budget: turned into tokens once, which are recorded; 0 when tokens is given
    std::uint64_t batch_tokens = 4096;     ///< tokens a step, rounded down to whole sequences (at least one)
    std::uint64_t micro_batch_tokens = 0;  ///< tokens in memory at once; 0: 2048; never changes a bit
    double learning_rate = 0;              ///< peak; 0: the default (learning_rate.hpp), or the resumed run's
    Optimizer optimizer = Optimizer::automatic;
    double matrix_learning_rate = 0;  ///< Muon's peak; 0: likewise
    double momentum = 0.95;           ///< Muon's
    double warmup = 0.02;             ///< share of the steps with linearly rising rate
    double decay = 1.0;  ///< share of the steps, at the end, in which the rate falls linearly to zero
    double beta1 = 0.9;
    double beta2 = 0.95;
    double epsilon = 1e-8;
    double weight_decay = 0.1;         ///< on matrices; not on embeddings, biases and gains
    double clip = 1.0;                 ///< greatest global norm of the gradient; 0: none
    std::uint64_t validate_every = 0;  ///< steps; 0: a twentieth of the run, seldomer if it costs above 1/24
    std::uint64_t validation_bytes = 262'144;  ///< read from the start of the validation data
    std::uint64_t save_every = 0;              ///< steps between saved states; 0: about every 2 minutes
    std::uint64_t stop_after_steps = 0;        ///< saves and ends early, as if interrupted; 0: never
    bool resume = false;     ///< continue from out/state.bls; the options must agree with the saved ones
    bool overwrite = false;  ///< replace a run that `out` already holds
    std::string command;     ///< command line, for run.json only
};

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
    double learning_rate;
    double gradient_norm;
    double seconds;  ///< since this process began the run
    double tokens_per_second;
    double gflops;  ///< useful operations (training_flops) per second, in 10^9
};

struct TrainResult {
    model::TrainingRecord record;
    std::uint64_t model_id = 0;
    std::filesystem::path model_file;
    double seconds = 0;
};

/// Loss, gradient or validation were not finite.
class Diverged : public Error {
   public:
    using Error::Error;
};

/// Runs (or resumes) a training. Calls on_step after every step. When `stop` becomes true, or at
/// stop_after_steps, it saves the state and throws Stopped. Class A: model.blm and state.bls have the same
/// bytes for every instruction set, thread count and micro-batch. Throws Error or UsageError; a run that
/// diverges ends with Diverged; the last saved state stays.
TrainResult train(const TrainOptions& options, const std::function<void(const StepReport&)>& on_step,
                  const std::atomic<bool>& stop);

}  // namespace bitlaw::train
