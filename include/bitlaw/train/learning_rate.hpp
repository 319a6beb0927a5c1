#pragma once
/// \file Peak learning rates by default: laws over the width and the bytes trained on, fitted to grids of
/// trainings (experiments/01-recipe/rates.sh).

#include <cstdint>

#include "bitlaw/model/config.hpp"
#include "bitlaw/train/train_options.hpp"

namespace bitlaw::train {

/// AdamW's default peak for `bytes` trained on, to 5 decimals: modern C (width / 64)^a (bytes / 10^6)^b,
/// bytes counted as 10^6 below and as 10^9 above; vanilla 0.001 sqrt(64 / width), whatever the bytes. Class
/// A.
[[nodiscard]] double default_learning_rate(const model::ModelConfig& config, std::uint64_t bytes);

/// Muon's default peak, likewise; the same for every architecture. Class A.
[[nodiscard]] double default_matrix_learning_rate(const model::ModelConfig& config, std::uint64_t bytes);

/// AdamW's peak under these options for a run of `bytes`: the one given, or the default.
[[nodiscard]] double peak_learning_rate(const TrainOptions& options, std::uint64_t bytes);

/// Muon's likewise, or 0 when AdamW takes the hidden matrices too.
[[nodiscard]] double peak_matrix_learning_rate(const TrainOptions& options, std::uint64_t bytes);

}  // namespace bitlaw::train
