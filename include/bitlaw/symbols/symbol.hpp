#pragma once
/// \file What a model predicts: one symbol of an alphabet after the other.

#include <cstdint>

namespace bitlaw::symbols {

/// One element of an alphabet 0 .. V - 1; of bytes, the byte.
using Symbol = std::uint32_t;

/// The symbol that stands before the first one of a context (the paper pads with zero).
inline constexpr Symbol kStartSymbol = 0;

}  // namespace bitlaw::symbols
