#pragma once
/// \file One process's part of a training, from its first step to the files that it leaves.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bitlaw/learn/learner.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/divergence.hpp"
#include "bitlaw/train/ranks.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/schedule.hpp"
#include "bitlaw/train/step_report.hpp"
#include "bitlaw/train/train_result.hpp"
#include "bitlaw/train/training_state.hpp"
#include "step_sequences.hpp"
#include "validation.hpp"

namespace bitlaw::train {

/// Keeps references to run, data and ranks.
class TrainingRun {
   public:
    /// `start`: what seconds are counted from.
    TrainingRun(const ResolvedRun& run, const Corpus& training, const Corpus& validation,
                TrainingProgress progress, std::chrono::steady_clock::time_point start, Ranks& ranks);

    /// Takes weights and moments from a saved state, whose progress the constructor was given.
    void restore(TrainingState state);

    /// The steps that are left, and the model. Throws as train() does.
    TrainResult finish(const std::function<void(const StepReport&)>& on_step, const std::atomic<bool>& stop);

   private:
    void run_steps(const std::function<void(const StepReport&)>& on_step, const std::atomic<bool>& stop);
    StepReport one_step(const std::atomic<bool>& stop);
    learn::StepOutcome update(double rate);
    learn::StepOutcome shared_update(double rate, const std::atomic<bool>& stop);
    void round_weights();
    [[nodiscard]] model::WeightFormatId coding_format() const;

    [[nodiscard]] bool is_validation_due() const;
    void validate_weights();
    [[nodiscard]] std::optional<double> measured_copying();
    [[nodiscard]] bool is_sample_due() const;
    [[nodiscard]] std::string drawn_sample();
    [[nodiscard]] std::string trouble() const;

    [[nodiscard]] bool is_save_due(std::uint64_t steps) const;
    void require_unchanged_data(LookAgain look) const;
    void save() const;
    void save_result() const;
    void write_status(const char* status) const;
    void note_failure() const noexcept;
    [[nodiscard]] model::TrainingRecord record() const;
    TrainResult result();

    // What a rank wants all to do after a step.
    static constexpr std::uint64_t kStop = 1;
    static constexpr std::uint64_t kSave = 2;

    const ResolvedRun& run_;
    Ranks& ranks_;
    const TrainOptions& options_;
    Schedule schedule_;
    std::chrono::steady_clock::time_point start_;
    TrainingProgress progress_;
    const Corpus& training_;
    const Corpus& held_out_;
    StepSequences sequences_;
    DivergenceWatch divergence_;
    learn::Learner learner_;
    Validation validation_;
    std::uint64_t first_step_ = 0;
    std::uint64_t wishes_ = 0;  // of all ranks
    std::chrono::steady_clock::time_point saved_;
    double first_bits_ = 0;  // of the run's first step, when this process made it
};

}  // namespace bitlaw::train
