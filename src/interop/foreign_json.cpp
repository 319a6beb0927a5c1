#include "foreign_json.hpp"

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/json_bounds.hpp"

namespace bitlaw::interop {

using Json = nlohmann::json;

Json parse_foreign_json(std::string_view text, const std::string& name) {
    const format::JsonBounds<Json> bounded(
        kMaxForeignMembers,
        {.too_deep = [&] { fail(name, " is nested too deeply; copy it again"); },
         .bad_member =
             [&](const std::string&) {
                 fail(name, " has an object with a name twice, or with too many members; copy it again");
             }});
    try {
        return Json::parse(text, bounded);
    } catch (const Json::exception& error) {
        fail(name, " is no JSON that can be read; copy it again");
    }
}

const Json& foreign_member(const Json& object, const char* key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nothing : *found;
}

}  // namespace bitlaw::interop
