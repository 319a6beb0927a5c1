#pragma once
/// \file The options of a training run, each described once.

#include "bitlaw/base/fields.hpp"
#include "bitlaw/train/train_options.hpp"

namespace bitlaw::train {

/// Every option, in the order of the records; those of the network can be written only, since a preset and
/// what is asked for make them together (config_from). A new option is one line here and the place that uses
/// it.
[[nodiscard]] const Fields<TrainOptions>& train_fields();

}  // namespace bitlaw::train
