#pragma once
/// \file Expert: bytes further back without the newest ones, for what changes in between. Class A.

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// Contexts: bytes 2 and 3 back; 1 and 3; 2 to 4; (binary) 3 and 4; the upper halves of the last four.
void add_sparse(const Past& past, std::size_t first_id, bool binary, ContextList& contexts);

}  // namespace bitlaw::predict
