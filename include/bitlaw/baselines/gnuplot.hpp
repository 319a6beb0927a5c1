#pragma once
/// \file Pictures drawn by gnuplot.

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bitlaw::baselines {

/// Names and texts.
using TextFiles = std::vector<std::pair<std::string, std::string>>;

/// Runs gnuplot in a folder that holds the files, the last of which is the script and writes `picture`, and
/// copies the picture to `svg`. Calls `watch` as run_program does. Throws Error with gnuplot's words when it
/// fails, or when there is none.
void draw_picture(const TextFiles& files, const std::string& picture, const std::filesystem::path& svg,
                  const std::function<void()>& watch);

}  // namespace bitlaw::baselines
