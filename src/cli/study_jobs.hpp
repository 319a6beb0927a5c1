#pragma once
/// \file `bitlaw study` on a cluster: Slurm, other schedulers, and how far it is.

#include "arguments.hpp"
#include "bitlaw/studies/study_plan.hpp"

namespace bitlaw::cli {

/// run --slurm: submits the trunks that are left; returns the exit code.
int submit_to_slurm(const StudyArguments& arguments, studies::StudyPlan plan);

/// plan --commands: a line of the shell for each trunk that has runs left.
int print_trunk_commands(const StudyArguments& arguments, const studies::StudyPlan& plan);

/// status, with --watch until nothing is left to run or wait for.
int show_status(const StudyArguments& arguments, const studies::StudyPlan& plan);

}  // namespace bitlaw::cli
