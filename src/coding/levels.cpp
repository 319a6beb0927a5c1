#include "bitlaw/coding/levels.hpp"

#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/model/places.hpp"

namespace bitlaw::coding {

using namespace model;

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
    return level.network == nullptr ? std::nullopt : installed_model(level.network);
}

std::string obstacle(const Level& level) {
    if (level.network != nullptr && !network_file(level)) {
        return text_of("needs the model ", level.network, kModelSuffix, ", which is not installed");
    }
    return "";
}

}  // namespace bitlaw::coding
