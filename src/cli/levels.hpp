#pragma once
/// \file What a level of the command line sets.

#include "arguments.hpp"
#include "places.hpp"

namespace bitlaw::cli {

/// Sets what the level stands for and the command line left open. Throws UsageError saying what is missing
/// and which is the best level that can run.
void apply_level(ArchiveArguments& arguments);

/// Without a network, and where neither a set nor learning was asked for, the full set predicts.
template <class Arguments>
void mix_without_network(Arguments& a) {
    if (a.model == kNoModel && !a.mix_is_given && !a.learning.learn) {
        a.mix = predict::ExpertSet::full;
    }
}

}  // namespace bitlaw::cli
