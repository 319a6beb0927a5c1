#include "levels.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "places.hpp"

namespace bitlaw::cli {

using predict::ExpertSet;

namespace {

constexpr std::array<Level, 9> kLevels{{
    {1, nullptr, ExpertSet::fast, false},
    {2, nullptr, ExpertSet::full, false},
    {3, "200k", ExpertSet::fast, false},
    {4, "200k", ExpertSet::full, false},
    {5, "800k", ExpertSet::full, false},
    {6, "3.2m", ExpertSet::full, false},
    {7, "200k", ExpertSet::full, true},
    {8, "800k", ExpertSet::full, true},
    {9, "3.2m", ExpertSet::full, true},
}};

}  // namespace

std::span<const Level> levels() { return kLevels; }

std::optional<std::filesystem::path> network_file(const Level& level) {
    for (const std::filesystem::path& file : model_files()) {
        if (level.network != nullptr && model_name(file) == level.network) {
            return file;
        }
    }
    return std::nullopt;
}

std::string obstacle(const Level& level) {
    if (level.network != nullptr && !network_file(level)) {
        return text_of("needs the model ", level.network, model::kModelSuffix, ", which is not installed");
    }
    return "";
}

void apply_level(ArchiveArguments& a) {
    // CLI11 leaves 0 where no level was given.
    if (a.level.value_or(0) == 0) {
        return;
    }
    const Level& level = kLevels[static_cast<std::size_t>(*a.level) - 1];
    const bool replaced = !a.model.empty();  // -m in place of the level's network
    if (const std::string why = replaced ? "" : obstacle(level); !why.empty()) {
        const auto best = std::find_if(kLevels.rbegin(), kLevels.rend(),
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
