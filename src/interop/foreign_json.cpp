#include "foreign_json.hpp"

#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"

namespace bitlaw::interop {

using Json = nlohmann::json;

Json parse_foreign_json(std::string_view text, const std::string& name) {
    constexpr int kMaxDepth = 32;
    std::vector<std::unordered_set<std::string>> names;  // of the objects that are open
    const auto bounded = [&](int depth, Json::parse_event_t event, const Json& parsed) {
        if (depth > kMaxDepth) {
            fail(name, " is nested too deeply; copy it again");
        }
        if (event == Json::parse_event_t::object_start) {
            names.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            names.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!names.back().insert(key).second || names.back().size() > kMaxForeignMembers) {
                fail(name, " has an object with a name twice, or with too many members; copy it again");
            }
        }
        return true;
    };
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
