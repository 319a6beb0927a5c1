#pragma once
/// \file The methods of this folder. To add one: a file that defines its Method, its line here, and its line
/// in the table (src/coding/method_table.cpp).

#include "bitlaw/coding/method.hpp"

namespace bitlaw::coding {

[[nodiscard]] Method stored_method();
[[nodiscard]] Method network_method();
[[nodiscard]] Method seven_contexts_method();
[[nodiscard]] Method mixing_method();
[[nodiscard]] Method learning_method();

}  // namespace bitlaw::coding
