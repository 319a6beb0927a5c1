#pragma once
/// \file Text as JSON.

#include <string>

namespace bitlaw {

/// A JSON string with its quotes (RFC 8259, section 7); bytes above 0x7F pass unchanged, as UTF-8.
[[nodiscard]] std::string json_text(const std::string& text);

}  // namespace bitlaw
