#pragma once
/// \file Bounds of a JSON text while it is parsed.

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace bitlaw::format {

/// Refuses what nests too deeply, and objects of two members with one name or of too many: a callback for
/// Json::parse, to be called with every event of one text. `Json` is a kind of nlohmann::basic_json.
template <class Json>
class JsonBounds {
   public:
    /// What calls to say why a text is refused; they throw.
    struct Refusals {
        std::function<void()> too_deep;
        std::function<void(const std::string& name)> bad_member;  ///< it is there twice, or one too many
    };
    JsonBounds(std::size_t max_members, Refusals refuse)
        : max_members_(max_members), refuse_(std::move(refuse)) {}

    bool operator()(int depth, typename Json::parse_event_t event, const Json& parsed) {
        constexpr int kMaxDepth = 32;
        if (depth > kMaxDepth) {
            refuse_.too_deep();
        }
        if (event == Json::parse_event_t::object_start) {
            names_.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            names_.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto& name = parsed.template get_ref<const std::string&>();
            if (!names_.back().insert(name).second || names_.back().size() > max_members_) {
                refuse_.bad_member(name);
            }
        }
        return true;
    }

   private:
    std::size_t max_members_;
    Refusals refuse_;
    std::vector<std::unordered_set<std::string>> names_;  // of the objects that are open
};

}  // namespace bitlaw::format
