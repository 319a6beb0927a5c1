#include "levels.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/levels.hpp"

namespace bitlaw::cli {

using namespace coding;

void apply_level(ArchiveArguments& a) {
    // CLI11 leaves 0 where no level was given.
    if (a.level.value_or(0) == 0) {
        mix_without_network(a);
        return;
    }
    const Level& level = levels()[static_cast<std::size_t>(*a.level) - 1];
    const bool replaced = !a.model.empty();  // -m in place of the level's network
    if (const std::string why = replaced ? "" : obstacle(level); !why.empty()) {
        const auto best = std::find_if(levels().rbegin(), levels().rend(),
                                       [](const Level& other) { return obstacle(other).empty(); });
        fail_usage("level -", level.number, " ", why, "; the best one that can run is -", best->number);
    }
    if (a.model.empty()) {
        a.model = level.network == nullptr ? kNoModel : network_file(level)->string();
    }
    if (!a.mix_is_given) {
        a.mix = level.experts;
    }
    a.learning.learn = a.learning.learn || level.learns;
}

}  // namespace bitlaw::cli
