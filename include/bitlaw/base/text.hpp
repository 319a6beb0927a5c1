#pragma once
/// \file Numbers as text, the same in every locale, and the width of a text on a terminal.

#include <cstddef>
#include <string>

namespace bitlaw {

/// The fewest digits that read back as the same number.
[[nodiscard]] std::string exact_text(double value);

/// With so many digits after the point.
[[nodiscard]] std::string fixed_text(double value, int decimals);

/// Columns that a text in UTF-8 takes on a terminal, each character one.
[[nodiscard]] std::size_t shown_width(const std::string& text);

}  // namespace bitlaw
