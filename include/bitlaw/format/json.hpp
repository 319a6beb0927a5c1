#pragma once
/// \file JSON, by nlohmann-json: bounded reading, and one layout of what is written.
///
/// Texts of a Json that is written are any bytes; of one that was read, what utf8_text makes of them, which
/// text_in() undoes. A .cpp file that looks into a Json includes <nlohmann/json.hpp>.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace bitlaw::format {

/// A value whose objects keep the order of their members.
using Json = nlohmann::ordered_json;

/// Reads a whole text, any line ends, byte order mark or none. Throws Error with `name` for what is no JSON,
/// nests deeper than 32, or has an object of more than 256 members or of two with one name.
[[nodiscard]] Json parse_json(std::string_view text, const std::string& name);

/// The member of an object; null when there is none, or when this is no object.
[[nodiscard]] const Json& member(const Json& object, const char* key);
/// The member when it is of that type: bytes; a whole number of 64 bits; a number.
[[nodiscard]] std::optional<std::string> text_in(const Json& object, const char* key);
[[nodiscard]] std::optional<std::uint64_t> integer_in(const Json& object, const char* key);
[[nodiscard]] std::optional<double> number_in(const Json& object, const char* key);

/// On one line: {"a": 1, "b": ["x", null]}. Numbers with the fewest digits that read back as the same, null
/// where they are not finite; bytes that are not UTF-8, and NUL, as U+0000 and two hexadecimal digits.
[[nodiscard]] std::string json_line(const Json& json);
/// As a file: a line for each member, and for each object of a list.
[[nodiscard]] std::string json_file(const Json& json);
/// The same with every < as \u003c, so that no text in it can end the element of a page that it stands in.
[[nodiscard]] std::string json_in_page(const Json& json);

}  // namespace bitlaw::format
