#pragma once
/// \file Expert: the last bytes. Class A.

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// Adds one context for each order in `orders`, bit n - 1 of which stands for the last n bytes (n <= 8).
/// Orders up to `own` are of the stream alone.
void add_orders(const Past& past, std::size_t first_id, unsigned orders, unsigned own, ContextList& contexts);

}  // namespace bitlaw::predict
