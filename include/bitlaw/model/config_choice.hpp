#pragma once
/// \file The config that a preset and some fields in place of its own make.

#include <map>
#include <string>
#include <vector>

#include "bitlaw/base/fields.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::model {

/// Words for some fields, by name: what was asked for in place of a preset's values.
using FieldWords = std::map<std::string, Words>;

/// model_fields() that keep the words that they are given, after they were read, in `asked`; they refer to
/// it.
[[nodiscard]] std::vector<BoundField> asked_fields(FieldWords& asked);

/// A preset with some fields replaced. What is not asked for follows: a new width scales the heads and the
/// MLP along, a shorter context shortens the window, another architecture brings its own cache, taps and
/// key-value heads. Throws UsageError when the result is not a network.
[[nodiscard]] ModelConfig config_from(const std::string& preset, const FieldWords& asked);

}  // namespace bitlaw::model
