#pragma once
/// \file What compress predicts with, as its options say: a model, a network that learns, experts.

#include <cstdint>

#include "arguments.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::cli {

/// Throws UsageError where the options leave nothing that predicts, or contradict each other.
void require_predictor(const ArchiveArguments& a);

/// The network learns what it codes: in the archive stands the whole recipe. `begin`: the text's beginning;
/// `bytes` of it in all, 0 if that is not known. Says so where restoring will take hours.
void add_learning_network(coding::CompressOptions& options, const ArchiveArguments& a,
                          const model::StoredModel& model, ByteSpan begin, std::uint64_t bytes);

/// Experts beside the network, or alone. Their tables are sized for the whole input.
void add_experts(coding::CompressOptions& options, const ArchiveArguments& a, std::uint64_t bytes);

}  // namespace bitlaw::cli
