#include "bitlaw/model/places.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::model {
namespace {

namespace fs = std::filesystem;

// Sorted, so that the order of a folder's entries decides nothing. Folders that cannot be read hold nothing
// for us.
std::vector<fs::path> entries(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        paths.push_back(it->path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

fs::path own_binary() {
    // What this very function is mapped from.
    const auto here = reinterpret_cast<std::uintptr_t>(&own_binary);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        // BEGIN-END permissions offset device number /path
        const char* const line_end = line.data() + line.size();
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        const char* const dash = std::from_chars(line.data(), line_end, begin, 16).ptr;
        const bool is_range =
            dash != line_end && std::from_chars(dash + 1, line_end, end, 16).ec == std::errc();
        const std::size_t slash = line.find('/');
        if (is_range && begin <= here && here < end && slash != std::string::npos) {
            return line.substr(slash);
        }
    }
    return {};
}

fs::path home_folder() { return own_binary().parent_path().parent_path(); }

std::vector<fs::path> folders_of_environment(const char* name) {
    std::vector<fs::path> folders;
    const char* const value = std::getenv(name);
    std::istringstream list(value == nullptr ? "" : value);
    for (std::string folder; std::getline(list, folder, ':');) {
        if (!folder.empty()) {
            folders.emplace_back(folder);
        }
    }
    return folders;
}

std::string describe_folders(const std::vector<fs::path>& folders) {
    std::string text;
    for (const fs::path& folder : folders) {
        std::error_code error;
        const fs::directory_iterator it(folder, error);
        const bool is_told = error && error != std::errc::no_such_file_or_directory;
        text += (text.empty() ? "" : ", ") + folder.string() + (is_told ? " (" + error.message() + ")" : "");
    }
    return text;
}

std::vector<fs::path> model_places() {
    std::vector<fs::path> places = folders_of_environment("BITLAW_MODELS");
    if (const fs::path root = home_folder(); !root.empty()) {
        places.push_back(root / "checkpoints");
        places.push_back(root / "share" / "bitlaw");
    }
    return places;
}

std::vector<fs::path> model_files() {
    std::vector<fs::path> files;
    std::error_code error;
    for (const fs::path& place : model_places()) {
        for (const fs::path& entry : entries(place)) {
            if (entry.extension() == kModelSuffix && fs::is_regular_file(entry, error)) {
                files.push_back(entry);
            } else if (fs::is_regular_file(entry / kModelFile, error)) {
                files.push_back(entry / kModelFile);
            }
        }
    }
    return files;
}

std::string model_name(const fs::path& file) {
    return (file.filename() == kModelFile && file.has_parent_path() ? file.parent_path().filename()
                                                                    : file.stem())
        .string();
}

std::optional<fs::path> installed_model(const std::string& name) {
    for (const fs::path& file : model_files()) {
        if (model_name(file) == name) {
            return file;
        }
    }
    return std::nullopt;
}

fs::path named_model(const std::string& text) {
    std::error_code error;
    const bool is_name = text.find('/') == std::string::npos && !fs::exists(text, error);
    return is_name ? installed_model(text).value_or(fs::path(text)) : fs::path(text);
}

}  // namespace bitlaw::model
