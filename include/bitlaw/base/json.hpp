#pragma once
/// \file Text as JSON.

#include <string>

namespace bitlaw {

/// A JSON string with its quotes (RFC 8259, section 7) of any bytes: UTF-8 passes unchanged, a byte that is
/// none, or NUL, becomes \u0000 and two hexadecimal digits, as utf8_text has it.
[[nodiscard]] std::string json_text(const std::string& bytes);

}  // namespace bitlaw
