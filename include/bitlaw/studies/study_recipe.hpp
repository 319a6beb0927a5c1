#pragma once
/// \file The trainer's options of a study's runs, and the hash of all that decides a run's result.

#include <string>

#include "bitlaw/studies/study_plan.hpp"

namespace bitlaw::studies {

/// Files or ranges of them, where the config has names.
struct StudyData {
    std::string data;
    std::string held_out;
};

/// What of the held-out bytes is measured: settings are chosen on the first half, reports are of the second.
struct HeldOutParts {
    ByteSpan choose;
    ByteSpan report;
};
/// The first `bytes` of each half, or the halves where they are shorter; the middle byte of an odd number is
/// the second's. Throws UsageError for fewer than 2 bytes.
[[nodiscard]] HeldOutParts held_out_parts(ByteSpan held_out, std::uint64_t bytes);

/// The trunk: its warm-up, then a constant rate for as long as its longest run goes on.
[[nodiscard]] train::TrainOptions trunk_options(const StudyPlan& plan, const StudyTrunk& trunk,
                                                const StudyData& data);

/// A run by itself, from the first step to the last: the trunk's steps of warm-up, and a decay of its own.
/// What it shares with the trunk has the same bits.
[[nodiscard]] train::TrainOptions run_options(const StudyPlan& plan, const StudyTrunk& trunk,
                                              const StudyRun& run, const StudyData& data);

/// Gives every run of the plan its recipe: a hash of the network, of the bytes of data and held-out range, of
/// the run's options with every default resolved, and of the arithmetic's version. Throws UsageError when
/// there are fewer bytes than the plan trains on, or when bytes to measure on are among them.
void add_recipes(StudyPlan& plan, const StudyData& data);

}  // namespace bitlaw::studies
