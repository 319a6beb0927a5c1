#pragma once
/// \file What a rank knows of itself before it joins the others.

#include <cstddef>
#include <string>

namespace bitlaw::cli {

/// Processes that mpirun started together, as its environment says; 1 when it did not.
[[nodiscard]] std::size_t started_ranks();

/// The machine's name.
[[nodiscard]] std::string host_name();

/// xxh3 of the program's file, or its version where the file is gone.
[[nodiscard]] std::string program_hash();

}  // namespace bitlaw::cli
