#pragma once
/// \file Expert: the last 1 to 6 bytes.

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

/// Adds one context for each order in `orders`, bit n - 1 of which stands for the last n bytes (n <= 8).
void add_orders(const Past& past, unsigned orders, ContextList& contexts);

}  // namespace bitlaw::predict
