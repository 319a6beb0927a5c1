#pragma once
/// \file From a config to runs: networks, steps, learning rates, and exactly what each costs.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/laws/law.hpp"
#include "bitlaw/studies/study_config.hpp"
#include "bitlaw/train/trainer.hpp"

namespace bitlaw::studies {

/// One measured point: a model trained to its end. Every run is a row of results.csv.
struct StudyRun {
    std::string id;            ///< "n200K-u1M-p2-k512-s1": size aimed at, unique bytes, passes, context, seed
    std::string recipe;        ///< hash of everything that decides the result; add_recipes() sets it
    std::uint64_t unique = 0;  ///< different bytes read
    std::uint64_t passes = 0;
    std::uint64_t steps = 0;
    std::uint64_t branch_step = 0;  ///< steps at the constant rate, shared with the trunk's other runs
    std::uint64_t bytes = 0;        ///< trained on: steps x batch
    double flops = 0;               ///< of training it alone, attention included (training_flops)
    double spent_flops = 0;         ///< of training it after the runs before it in its trunk
};

/// Runs that share a network, data, seed, batch and rate: one training at a constant rate (the trunk), from
/// which each run branches off with a decaying rate (warm-up, stable, decay; Hu et al. 2024, MiniCPM, section
/// 4).
struct StudyTrunk {
    std::string id;
    std::uint64_t size = 0;  ///< parameters aimed at
    model::ModelConfig config;
    std::uint64_t data_bytes = 0;  ///< read from the start of the data
    std::uint64_t data_hash = 0;   ///< of those bytes, where the recipes are known
    std::uint64_t seed = 0;
    std::uint64_t batch_bytes = 0;    ///< of a step, whole sequences
    double learning_rate = 0;         ///< peak of AdamW
    double matrix_learning_rate = 0;  ///< peak of Muon, for the hidden matrices
    std::uint64_t steps = 0;          ///< of the longest run that the config asks for, left out or not
    std::uint64_t warmup_steps = 0;   ///< of all its runs
    std::vector<StudyRun> runs;       ///< ascending in steps
    [[nodiscard]] double spent_flops() const;
};

/// A run that the config's limits leave out.
struct LeftOut {
    std::string id;
    std::string reason;
};

struct StudyPlan {
    StudyConfig config;
    std::vector<StudyTrunk> trunks;  ///< cheapest first
    std::vector<LeftOut> left_out;
    [[nodiscard]] std::size_t runs() const;
    [[nodiscard]] double spent_flops() const;
    /// The folder of models and states, which can be made again; beside it stand the results.
    [[nodiscard]] std::filesystem::path work() const { return config.folder / "out"; }
    [[nodiscard]] std::filesystem::path results() const { return config.folder / "results.csv"; }
    /// Rows of trunks that ran by themselves, a file each.
    [[nodiscard]] std::filesystem::path rows() const { return config.folder / "rows"; }
    /// What was submitted to Slurm, and the logs of its tasks.
    [[nodiscard]] std::filesystem::path slurm() const { return config.folder / "slurm"; }
    [[nodiscard]] std::filesystem::path report() const { return config.folder / "report.html"; }
};

/// The network of the rule whose number of parameters is nearest (in ratio) to `parameters`: width C a
/// multiple of 4 up to 32, of 8 up to 64, of 32 above; one head of width 16 below C = 32, otherwise C / 32
/// heads of 32; keys and values in half as many heads; MLP 4 C; embeddings untied, so that 2 V C parameters
/// are the table and the output; window half the context, so that training sees many full windows, as a
/// context that runs on has them always; layers, taps, rotary base and precision are the study's.
[[nodiscard]] model::ModelConfig study_network(const StudyConfig& study, std::uint64_t parameters,
                                               std::uint32_t context);
/// The rule in words, for the plan and the report.
[[nodiscard]] std::string study_network_rule(const StudyConfig& config);

/// Bytes of a step for a trunk of so many bytes: batch_bytes (bytes / 10^7)^batch_power, rounded to a power
/// of two, at least one sequence.
[[nodiscard]] std::uint64_t study_batch(const StudyConfig& config, std::uint64_t bytes,
                                        std::uint32_t context);

/// Peak learning rate: learning_rate (C / 64)^rate_width_power (batch / 4096)^rate_batch_power (bytes /
/// 10^7)^rate_bytes_power; without learning_rate the trainer's default for the network and so
/// many bytes takes the first two factors' place. Class A.
[[nodiscard]] double study_learning_rate(const StudyConfig& config, const model::ModelConfig& network,
                                         std::uint64_t batch, std::uint64_t bytes);

/// Peak rate of the hidden matrices' optimizer: the trainer's default times learning_rate / the trainer's
/// default of that, both for the network and so many bytes, so that both rates follow the same rules. Class
/// A.
[[nodiscard]] double study_matrix_rate(const model::ModelConfig& network, double learning_rate,
                                       std::uint64_t bytes);

/// All runs of a study, without recipes. Throws UsageError when a run would have too few steps for its
/// schedule, or when two sizes come out as the same network.
[[nodiscard]] StudyPlan make_study_plan(const StudyConfig& config);

/// Exact operations of training on one byte, attention included, by the parameters of the config's sizes at
/// the first context.
[[nodiscard]] laws::ByteOperations study_operations(const StudyConfig& config);

}  // namespace bitlaw::studies
