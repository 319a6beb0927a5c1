#pragma once
/// \file What a training run is asked for.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bitlaw/model/config.hpp"
#include "bitlaw/model/stored_weights.hpp"
#include "bitlaw/symbols/vocabulary_fwd.hpp"

namespace bitlaw::train {

/// Which optimizer takes the hidden layers' matrices; AdamW takes all other tensors.
enum class Optimizer : std::uint8_t {
    automatic,  ///< muon for modern, adamw for vanilla
    adamw,
    muon,
};

/// Bytes a parameter when no budget is given: about what Hoffmann et al. 2022 find best for a given amount of
/// computing.
inline constexpr std::uint64_t kTokensPerParameter = 20;

/// Options of a run as they are asked for; 0 and `automatic` stand for defaults that resolve_run() fills in.
struct TrainOptions {
    std::vector<std::string> data;  ///< files, or file@begin:end for a range of bytes (K, M, G accepted)
    std::vector<std::string> validation;  ///< the same; empty: no validation
    std::filesystem::path out;            ///< folder for model.blm, state.bls, metrics.csv, run.json
    std::filesystem::path tokenizer;      ///< file of the vocabulary to train on; empty: on bytes
    std::string preset = "200k";          ///< name for the record; config holds the sizes
    model::ModelConfig config;
    std::shared_ptr<const symbols::Vocabulary> vocabulary = {};         ///< read from the tokenizer's file
    model::WeightFormatId weight_format = model::WeightFormatId::bf16;  ///< of the coding weights
    /// Bits of a weight, all included, that steps see and the model has at the end; 0: not rounded. Decides
    /// the weight format.
    double weight_bits = 0;
    double weight_bits_from = 0.8;  ///< share of the steps behind which weights are rounded
    std::filesystem::path from;     ///< model to begin with instead of fresh weights
    std::uint64_t from_id = 0;      ///< its id, filled in by train()
    std::uint64_t seed = 1;
    std::uint64_t tokens =
        0;  ///< budget, in bytes of the data; 0: as minutes says, or kTokensPerParameter a parameter
    double minutes = 0;                    ///< budget: turned into tokens once, which are recorded; 0: none
    std::uint64_t batch_tokens = 4096;     ///< tokens a step, rounded down to whole sequences (at least one)
    std::uint64_t micro_batch_tokens = 0;  ///< tokens in memory at once; 0: 2048; never changes a bit
    double learning_rate = 0;              ///< peak; 0: the default (learning_rate.hpp), or the resumed run's
    Optimizer optimizer = Optimizer::automatic;
    double matrix_learning_rate = 0;  ///< Muon's peak; 0 likewise
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
    std::uint64_t sample_every = 0;            ///< steps between texts that the model writes; 0: none
    std::uint64_t sample_bytes = 200;
    std::string sample_prompt;  ///< what it reads first
    std::uint64_t diverged_after =
        100;                 ///< steps in a row far above no model's rate that end the run; 0: none
    bool resume = false;     ///< continue from out/state.bls; the options must agree with the saved ones
    bool overwrite = false;  ///< replace a run that `out` already holds
    std::string command;     ///< command line, for run.json only
    /// Told, before work begins, what the run will do otherwise than asked (run_warnings.hpp) and what of the
    /// validation data it trains on (overlap.hpp). Without it nobody looks.
    std::function<void(const std::string&)> warn;
};

}  // namespace bitlaw::train
