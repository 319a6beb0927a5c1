#pragma once
/// \file Which of a study's runs are fitted, which are odd, and the best of each network and amount of data.

#include <vector>

#include "bitlaw/studies/study_findings.hpp"

namespace bitlaw::studies {

/// The plan's runs that have rows, the diverged ones apart; the first context's are to be fitted. Throws
/// UsageError for rows of other settings.
void sort_runs(StudyFindings& f);

/// Of the fitted runs takes those that more passes only made worse, finds the odd ones, and the best rates.
void choose_fitted(StudyFindings& f);

/// Log rates about the mean of their seeds, times sqrt(n / (n - 1)), of every run that was repeated with
/// another seed.
[[nodiscard]] std::vector<double> seed_deviations(const StudyFindings& f);

}  // namespace bitlaw::studies
