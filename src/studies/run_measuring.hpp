#pragma once
/// \file What a study measures of a run's model.

#include <cstdint>
#include <functional>

#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/studies/study_config.hpp"
#include "bitlaw/studies/study_results.hpp"
#include "bitlaw/train/corpus.hpp"

namespace bitlaw::studies {

/// Sets the rates of both halves of the held-out bytes, what copying is worth, and the model's bytes. Calls
/// watch(done, total) with the bytes measured, which may throw to stop.
void measure_model(const model::StoredModel& model, const StudyConfig& config, const train::Corpus& held_out,
                   StudyResult& result, const std::function<void(std::uint64_t, std::uint64_t)>& watch);

}  // namespace bitlaw::studies
