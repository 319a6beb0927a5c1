#pragma once
/// \file The options of bitlaw data.

#include "option_kit.hpp"

namespace bitlaw::cli {

void add_data(App& app, DataArguments& arguments);

}  // namespace bitlaw::cli
