#include "bitlaw/format/json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/base/utf8.hpp"
#include "bitlaw/format/json_bounds.hpp"

namespace bitlaw::format {
namespace {

/// An ordered object looks through its members one by one; bitlaw's own have at most 30.
constexpr std::size_t kMaxMembers = 256;

// The library's words without its own name and position.
std::string words_of(const Json::exception& error) {
    const std::string what = error.what();
    const std::size_t position = what.find(": ");
    return what.substr(position == std::string::npos ? what.find(']') + 2 : position + 2);
}

std::string element_lines(const Json& json) {
    if (!json.is_array() || json.empty() || !json.front().is_object()) {
        return json_line(json);
    }
    std::string text = "[";
    for (const Json& element : json) {
        text += (text.size() == 1 ? "\n  " : ",\n  ") + json_line(element);
    }
    return text + "\n]";
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name) {
    const std::string plain = plain_text(text, name);
    const JsonBounds<Json> bounded(
        kMaxMembers, {.too_deep = [&] { fail(name, " is nested too deeply; make the file again"); },
                      .bad_member =
                          [&](const std::string& key) {
                              fail(name, " has an object with '", key,
                                   "' twice, or with too many members; make the file again");
                          }});
    try {
        return Json::parse(plain, bounded);
    } catch (const Json::parse_error& error) {
        fail(name, " is no JSON at byte ", error.byte - 1, ": ", words_of(error), "; make the file again");
    } catch (const Json::exception& error) {
        fail(name, " is no JSON: ", words_of(error), "; make the file again");
    }
}

const Json& member(const Json& object, const char* key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nothing : *found;
}

std::optional<std::string> text_in(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_string() ? std::optional(utf8_bytes(value.get_ref<const std::string&>())) : std::nullopt;
}

std::optional<std::uint64_t> integer_in(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
}

std::optional<double> number_in(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string json_line(const Json& json) {
    if (json.is_string()) {
        return Json(utf8_text(json.get_ref<const std::string&>())).dump();
    }
    if (json.is_number_float()) {
        const auto value = json.get<double>();
        return std::isfinite(value) ? exact_text(value) : "null";
    }
    if (!json.is_structured()) {
        return json.dump();
    }
    std::string text = json.is_object() ? "{" : "[";
    for (const auto& [key, value] : json.items()) {
        text += text.size() == 1 ? "" : ", ";
        text += json.is_object() ? json_line(key) + ": " : "";
        text += json_line(value);
    }
    return text + (json.is_object() ? "}" : "]");
}

std::string json_file(const Json& json) {
    if (!json.is_object()) {
        return element_lines(json) + "\n";
    }
    std::string text = "{";
    for (const auto& [key, value] : json.items()) {
        text += (text.size() == 1 ? "" : ",\n ") + json_line(key) + ": " + element_lines(value);
    }
    return text + "}\n";
}

std::string json_in_page(const Json& json) {
    std::string text;
    for (const char c : json_file(json)) {
        text += c == '<' ? "\\u003c" : std::string(1, c);
    }
    return text;
}

}  // namespace bitlaw::format
