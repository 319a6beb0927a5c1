#pragma once
/// \file The table of methods. The container (archive.hpp) knows their ids only; compress and restore loop
/// over the table.

#include <cstdint>
#include <span>

#include "bitlaw/coding/method.hpp"

namespace bitlaw::coding {

/// All methods of this program.
[[nodiscard]] std::span<const Method> methods();

/// The method of an id, null when the table has none that this format version knows.
[[nodiscard]] const Method* find_method(std::span<const Method> table, MethodId id, std::uint8_t version);

}  // namespace bitlaw::coding
