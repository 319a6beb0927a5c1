#pragma once
/// \file The saved state of a run (state.bls): all that an exact resume needs. docs/FORMAT.md specifies the
/// bytes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/learn/adamw.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/symbols/vocabulary_fwd.hpp"
#include "bitlaw/train/sampler.hpp"

namespace bitlaw::train {

/// Mean of the last steps: the plain mean of up to kSpan values, then an exponential one of that span. Class
/// A.
struct MovingMean {
    static constexpr std::uint64_t kSpan = 50;
    double value = 0.0;
    std::uint64_t count = 0;
    /// mean += (x - mean) / min(count, kSpan).
    void add(double x);
};

/// How far a run has come: everything but the tensors. No time, path, thread count or instruction set.
struct TrainingProgress {
    model::ModelConfig config;
    std::string options;  ///< record_text of the run
    std::vector<model::DataSource> training;
    std::vector<model::DataSource> validation;
    std::uint64_t steps = 0;   ///< of the whole run
    std::uint64_t step = 0;    ///< done
    std::uint64_t tokens = 0;  ///< bytes seen
    CorpusPosition position;
    MovingMean mean_bits_per_byte;
    double validation_bits_per_byte = 0.0;  ///< the last one measured; 0 when there was none
    std::shared_ptr<const symbols::Vocabulary> vocabulary = {};  ///< of the model; null: bytes
};

struct TrainingState {
    TrainingProgress progress;
    Floats weights;  ///< [parameters], fp32
    learn::AdamMoments moments;
    std::vector<float> row_steps = {};  ///< of the rounding that weights are seen through; empty: none
};

/// Name of the saved state in a training folder.
inline constexpr const char* kStateFile = "state.bls";

/// Writes a state atomically, without a copy of the tensors.
void save_state(const std::filesystem::path& path, const TrainingProgress& progress,
                std::span<const float> weights, const learn::AdamMoments& moments,
                std::span<const float> row_steps = {});

/// Reads a state. Sizes and hashes are verified before anything is allocated; throws Error with the path in
/// it.
[[nodiscard]] TrainingState load_state(const std::filesystem::path& path);

/// The same from memory; `name` stands for the file in errors.
[[nodiscard]] TrainingState decode_state(ByteSpan file, const std::string& name);

/// The network as it is trained: a model in fp32 with the run's record, also of a run that has not ended.
[[nodiscard]] model::StoredModel trained_model(const TrainingState& state);

}  // namespace bitlaw::train
