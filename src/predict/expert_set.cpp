#include "bitlaw/predict/expert_set.hpp"

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {

const char* expert_set_name(ExpertSet set) {
    return set == ExpertSet::fast ? "fast" : set == ExpertSet::full ? "full" : "first fast";
}

std::optional<ExpertSet> parse_expert_set(const std::string& name) {
    if (name == "none") {
        return std::nullopt;
    }
    if (name != "fast" && name != "full") {
        fail_usage("'", name, "' is not known; choose none, fast or full");
    }
    return name == "fast" ? ExpertSet::fast : ExpertSet::full;
}

}  // namespace bitlaw::predict
