#pragma once
/// \file How many threads there can be on this machine, for this process.

#include <cstddef>

namespace bitlaw {

/// Processors in the affinity mask, at least 1: what `taskset` or a container leaves. OMP_NUM_THREADS does
/// not count.
[[nodiscard]] std::size_t available_processors();

/// At most `wanted`: so many that gcc's OpenMP library, which ends the process when it cannot start a thread,
/// can start them and they can work, the one that leads them too. Tried when a thread asks for more than ever
/// before: every thread that calls has workers of its own.
[[nodiscard]] std::size_t possible_workers(std::size_t wanted);

}  // namespace bitlaw
