#pragma once
/// \file JSON of foreign files, which has more members than this project's own.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace bitlaw::interop {

/// Members of an object at the most: a vocabulary's tokens, and some more.
inline constexpr std::size_t kMaxForeignMembers = 400'000;

/// Reads a whole text. Throws Error with `name` for what is no JSON, nests deeper than 32, or has an object
/// of two members with one name or of more than kMaxForeignMembers.
[[nodiscard]] nlohmann::json parse_foreign_json(std::string_view text, const std::string& name);

/// The member of an object; null when there is none, or when this is no object.
[[nodiscard]] const nlohmann::json& foreign_member(const nlohmann::json& object, const char* key);

}  // namespace bitlaw::interop
