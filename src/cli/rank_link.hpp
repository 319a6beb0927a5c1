#pragma once
/// \file The ranks that mpirun started: how they are found, and how they end. rank_link.cpp knows one process
/// only; the program that is built with MPI has rank_link_mpi.cpp in its place.

#include "bitlaw/train/ranks.hpp"

namespace bitlaw::cli {

/// Joins the processes that were started together; one process alone when there are no others. Throws Error
/// when mpirun started several and this program has no MPI.
[[nodiscard]] train::RankLink join_ranks();

/// All leave, each when all have come here.
void leave_ranks();

/// Ends the processes that do not know that this one fails; does not return where there are any.
void abandon_ranks(int exit_code);

}  // namespace bitlaw::cli
