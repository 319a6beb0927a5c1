#pragma once
/// \file A study as its config file describes it.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/model/config.hpp"
#include "bitlaw/predict/expert_set.hpp"

namespace bitlaw::studies {

/// One amount of different bytes, and how often they are read: each number of passes is a run.
struct DataAmount {
    std::uint64_t unique = 0;           ///< U, bytes from the start of the data
    std::vector<std::uint64_t> passes;  ///< ascending
};

/// A size whose runs get all seeds up to a limit of its own.
struct SeedLimit {
    std::uint64_t size = 0;
    double flops = 0;
};

/// A rate to predict: of a network of so many parameters after each number of passes over an amount.
struct RateQuestion {
    std::uint64_t parameters = 0;
    DataAmount amount;
};

/// What Slurm is asked for, none of which decides a bit; empty and 0: the cluster's defaults.
struct SlurmSettings {
    std::string partition;
    std::string account;
    std::string time;                ///< limit of a task, as sbatch takes it: "4:00:00"
    std::string memory;              ///< of a task: "4G"
    std::uint64_t cores = 0;         ///< of a task, each a thread
    std::uint64_t at_once = 0;       ///< tasks at most
    std::vector<std::string> lines;  ///< more options of sbatch: "--constraint=avx512"
};

/// Settings as base/settings.hpp has them. experiments/03-scaling/README.md explains every key.
struct StudyConfig {
    std::string title;
    std::filesystem::path folder;  ///< results, fits and pictures; the config's path without its suffix
    std::string data;              ///< file or data set to train on
    std::string held_out;          ///< file, data set or range of it to measure on
    std::uint64_t held_out_bytes = 2'000'000;  ///< of each half
    std::optional<predict::ExpertSet> mix;     ///< measure archives that mix, not the network alone
    std::vector<DataAmount> train_on;          ///< one line each
    std::vector<std::uint64_t> sizes;          ///< parameters aimed at
    model::ModelConfig network;  ///< what the networks have in common; the rule of sizes sets the rest
    std::uint32_t most_kv_heads = 1024;  ///< heads of keys and values, at most half of the heads
    std::vector<std::uint32_t> contexts{512};
    std::vector<std::uint64_t> seeds{1};
    double all_seeds_to_flops =
        std::numeric_limits<double>::infinity();  ///< costlier runs: the first seed only
    std::vector<std::uint64_t> prequential;       ///< bytes that each size also learns while it codes them
    std::vector<double> bits;                     ///< a weight, at which each run's model is measured too
    std::vector<SeedLimit> seeds_of;              ///< sizes with another limit than all_seeds_to_flops
    double most_flops = std::numeric_limits<double>::infinity();  ///< costlier runs are left out
    double cooldown = 0.2;  ///< share of a run's steps in which the rate falls to zero
    double share_within =
        1.0;  ///< runs of one pass whose bytes differ by at most this factor share their beginning
    double warmup = 0.02;              ///< share of the longest of the runs that share it
    std::uint64_t batch_bytes = 4096;  ///< at 10^7 bytes trained on
    double batch_power = 1.0 / 3.0;    ///< batch ~ bytes trained on to this power
    double learning_rate = 0.0;        ///< at width 64 and 4,096 bytes a step; 0: the trainer's default
    double rate_width_power = -0.5;
    double rate_batch_power = 0.5;
    double rate_bytes_power = 0.0;
    double weight_decay = 0.1;
    std::vector<double> bytes_per_parameter{4.0, 2.0, 1.0, 0.5};
    std::vector<std::uint64_t> coded_bytes{1'000'000,      10'000'000,      100'000'000,      1'000'000'000,
                                           10'000'000'000, 100'000'000'000, 1'000'000'000'000};  ///< S
    std::uint64_t predict_bytes = 1'000'000'000;  ///< D and S of the prediction
    std::vector<RateQuestion> predict_rates;      ///< one line each
    std::vector<std::string> compressors;         ///< keys of classical ones, drawn as lines
    std::filesystem::path rivals;   ///< CSV of compressors on as many bytes as are coded, none by default
    std::uint64_t bootstrap = 500;  ///< resampled studies behind each interval
    SlurmSettings slurm;
};

/// Reads a config. Throws UsageError naming file, line and key for what is unknown, missing, given twice or
/// senseless.
[[nodiscard]] StudyConfig read_study_config(const std::filesystem::path& path);
/// The same from its text; `path` names it in errors and gives the folder.
[[nodiscard]] StudyConfig parse_study_config(const std::string& text, const std::filesystem::path& path);

/// Most passes over an amount of different bytes; 1 for one that the config does not have.
[[nodiscard]] double most_passes(const StudyConfig& config, double amount);

/// What the networks have in common besides their layers, for people: "taps 0; rotary base 10000; ...".
[[nodiscard]] std::string study_network_text(const StudyConfig& config);

}  // namespace bitlaw::studies
