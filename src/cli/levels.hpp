#pragma once
/// \file What a level of the command line sets.

#include "arguments.hpp"

namespace bitlaw::cli {

/// Sets what the level stands for and the command line left open. Throws UsageError saying what is missing
/// and which is the best level that can run.
void apply_level(ArchiveArguments& arguments);

}  // namespace bitlaw::cli
