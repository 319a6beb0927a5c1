#pragma once
/// \file Expert: records of a fixed length: what stands above, and which column it is. Class A.

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// Contexts for records of `width` >= 1 bytes.
void add_records(const Past& past, std::size_t first_id, std::uint32_t width, ContextList& contexts);

}  // namespace bitlaw::predict
