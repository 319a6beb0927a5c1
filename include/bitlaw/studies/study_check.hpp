#pragma once
/// \file Whether a study can be run, found before any work.

#include <string>
#include <vector>

#include "bitlaw/studies/study_recipe.hpp"

namespace bitlaw::studies {

struct StudyCheck {
    std::vector<std::string> problems;  ///< each would keep the study from running
    std::vector<std::string>
        warnings;  ///< what it does otherwise than the config asks for, or what weakens it
};

/// Looks at all that run_study() needs: data and held-out bytes that are there, long enough and apart (by
/// place and by content), options that training takes, results that are sound and of this config, a folder to
/// write to. Changes nothing.
[[nodiscard]] StudyCheck check_study(const StudyPlan& plan, const StudyData& data);

/// Gives the runs their recipes and throws the first problem: Error, or UsageError where the config is wrong.
void prepare_study(StudyPlan& plan, const StudyData& data);

}  // namespace bitlaw::studies
