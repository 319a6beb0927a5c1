#pragma once
/// \file The levels -1 to -9: which network and which experts each stands for.

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "bitlaw/predict/expert_set.hpp"

namespace bitlaw::coding {

struct Level {
    int number;
    const char* network;  ///< a model's name; null: none
    predict::ExpertSet experts;
    bool learns;  ///< the network learns what it codes
};

/// Each is meant to be smaller and slower than the one before.
[[nodiscard]] std::span<const Level> levels();

/// Why a level cannot run here, in words that follow "level -7 "; empty when it can.
[[nodiscard]] std::string obstacle(const Level& level);
/// The file of the level's network, if it is found.
[[nodiscard]] std::optional<std::filesystem::path> network_file(const Level& level);

}  // namespace bitlaw::coding
