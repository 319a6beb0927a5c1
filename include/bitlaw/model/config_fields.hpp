#pragma once
/// \file Every field of a network's config, described once.

#include "bitlaw/base/fields.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::model {

/// The fields in the order in which files hold them: choices as `u8`, numbers as `u32`. A new one is one line
/// at the end of the table and the place that uses it; docs/FORMAT.md then has another config.
[[nodiscard]] const Fields<ModelConfig>& model_fields();

}  // namespace bitlaw::model
