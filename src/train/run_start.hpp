#pragma once
/// \file What has to hold before a run may begin in its folder, alone or with other ranks.

#include <filesystem>

#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/ranks.hpp"
#include "bitlaw/train/resolved_run.hpp"
#include "bitlaw/train/training_state.hpp"

namespace bitlaw::train {

/// Throws when the folder holds a run that neither resume nor overwrite was said for.
void require_free_folder(const TrainOptions& options);

/// The id of the model that a run begins with; throws unless its network is the run's.
[[nodiscard]] std::uint64_t first_model_id(const TrainOptions& options);

/// Throws when one of the run's own files is read as data: it would be lost.
void require_no_data_among_results(const TrainOptions& options);

/// A stale model or state must not be taken for one of the new run.
void remove_old_run(const std::filesystem::path& out);

/// Throws when a saved run is not the beginning of this one.
void require_same_run(const TrainingProgress& saved, const ResolvedRun& run, const Corpus& training,
                      const Corpus& validation);

/// What ranks must have in common. Data may have other paths elsewhere, but not other bytes.
[[nodiscard]] RankFacts facts_of(const TrainOptions& options, const Corpus& training,
                                 const Corpus& validation);

/// What the first rank reads, and all go on from.
[[nodiscard]] TrainingState saved_state(const std::filesystem::path& path, Ranks& ranks);

}  // namespace bitlaw::train
