#pragma once
/// \file Numbers and names as people read them.

#include <string>

namespace bitlaw::format {

/// Three significant digits with K, M, G, T: "3.2M".
[[nodiscard]] std::string short_text(double value);
/// Four significant digits: "0.05123", "1.2e+14".
[[nodiscard]] std::string general_text(double value);
/// 0.2164 is "21.64 %".
[[nodiscard]] std::string percent_text(double share, int decimals = 2);
/// The text without control characters, so that a file's name can neither break a line nor steer a terminal.
[[nodiscard]] std::string printable(std::string text);

}  // namespace bitlaw::format
