#pragma once
/// \file Which form a block's bytes have. Class A: whoever follows a block that was coded by other means must
/// find the same form.

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/predict/data_form.hpp"

namespace bitlaw::predict {

/// Bytes of which at most 1/256 are control characters and 1/8 above 127, and at least 1/64 spaces or ends of
/// lines, are text. Of others a piece of 1/32, but 8 to 48 KiB, is coded in each of a few forms whose widths
/// fit best, and the form that takes the fewest bits is chosen. `shorts`: forms of 16 bits are allowed.
[[nodiscard]] DataForm choose_form(ByteSpan plain, bool shorts);

}  // namespace bitlaw::predict
