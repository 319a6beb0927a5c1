#pragma once
/// \file The options of bitlaw table.

#include "option_kit.hpp"

namespace bitlaw::cli {

void add_table(App& app, TableArguments& arguments);

}  // namespace bitlaw::cli
