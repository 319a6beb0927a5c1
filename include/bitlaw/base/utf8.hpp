#pragma once
/// \file UTF-8, and any bytes in it: names of files are bytes, but JSON holds characters only.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bitlaw {

/// Bytes of the UTF-8 character at `at`, 0 when there is none: too long for its number, a surrogate, beyond
/// U+10FFFF, cut off (RFC 3629), or the end of the text.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at);

/// One character in UTF-8; a surrogate, or what is beyond U+10FFFF, becomes U+FFFD.
[[nodiscard]] std::string utf8_character(std::uint32_t code);

/// Any bytes as UTF-8: those that are none, and NUL, become U+0000 and two hexadecimal digits; all else
/// stays. No two byte strings give the same text.
[[nodiscard]] std::string utf8_text(std::string_view bytes);

/// The bytes that utf8_text made a text of.
[[nodiscard]] std::string utf8_bytes(std::string_view text);

}  // namespace bitlaw
