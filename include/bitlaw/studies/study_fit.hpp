#pragma once
/// \file From a study's results to all that they say.

#include <string>

#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// Computes everything from results.csv; `held_out` and `data` are the paths of the bytes measured on, for
/// the classical compressors, and trained on, for the share of the former that was seen: what is not there is
/// left out. There is no law when the fit lacks one of its terms. Class B.
[[nodiscard]] StudyFindings study_findings(const StudyPlan& plan, const std::string& held_out,
                                           const std::string& data = {});

}  // namespace bitlaw::studies
