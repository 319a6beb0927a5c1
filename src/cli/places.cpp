#include "places.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/model/config_choice.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace model;

namespace {

namespace fs = std::filesystem;

/// What chosen() prefers.
constexpr const char* kPreferredModel = "3.2m";

// The file that this function is mapped from; empty when the system does not say. /proc/self/exe is another
// one where the tool was started through the dynamic loader, as in an AppImage.
fs::path own_binary() {
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

// The folder above the one that holds this binary: the checkout for build/bitlaw, the prefix for bin/bitlaw.
fs::path home() { return own_binary().parent_path().parent_path(); }

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

// "a, b (Permission denied)": where models were sought, and why a folder that is there could not be read.
std::string described(const std::vector<fs::path>& folders) {
    std::string text;
    for (const fs::path& folder : folders) {
        std::error_code error;
        const fs::directory_iterator it(folder, error);
        const bool is_told = error && error != std::errc::no_such_file_or_directory;
        text += (text.empty() ? "" : ", ") + folder.string() + (is_told ? " (" + error.message() + ")" : "");
    }
    return text;
}

}  // namespace

std::vector<fs::path> model_places() {
    std::vector<fs::path> places = folders_of_environment("BITLAW_MODELS");
    if (const fs::path root = home(); !root.empty()) {
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

std::string resolve_data(const std::string& text) {
    std::error_code error;
    const std::size_t at = text.rfind('@');
    const std::string name = text.substr(0, at);
    if (text.find('/') != std::string::npos || fs::exists(text, error) || fs::exists(name, error)) {
        return text;
    }
    std::vector<fs::path> folders = folders_of_environment("BITLAW_DATA");
    if (const fs::path root = home(); !root.empty()) {
        folders.push_back(root / "data");
        folders.push_back(root.parent_path() / "shared" / "data");
    }
    for (const fs::path& folder : folders) {
        for (const std::string& wanted : {text, name}) {
            if (fs::is_regular_file(folder / wanted, error)) {
                return (folder / wanted).string() + (wanted == text ? "" : text.substr(at));
            }
        }
    }
    return text;
}

std::vector<std::string> resolve_data(const std::vector<std::string>& texts) {
    std::vector<std::string> resolved;
    for (const std::string& text : texts) {
        resolved.push_back(resolve_data(text));
    }
    return resolved;
}

std::optional<FreshNetwork> fresh_of(const std::string& text) {
    const std::string prefix = "init:";
    if (!text.starts_with(prefix)) {
        return std::nullopt;
    }
    const std::string preset = text.substr(prefix.size(), text.find(':', prefix.size()) - prefix.size());
    FreshNetwork fresh{.config = config_from(preset, {})};
    if (const std::size_t colon = text.find(':', prefix.size()); colon != std::string::npos) {
        fresh.seed = whole_value(text.substr(colon + 1), {});
    }
    return fresh;
}

const StoredModel& ModelShelf::load(const fs::path& path) {
    for (const Entry& entry : loaded_) {
        if (entry.path == path) {
            return entry.model;
        }
    }
    return loaded_.emplace_back(path, load_model(path)).model;
}

const StoredModel& ModelShelf::chosen() {
    if (const std::optional<FreshNetwork> fresh = fresh_of(given_)) {
        chosen_path_ = given_;
        return fresh_ ? *fresh_ : fresh_.emplace(fresh_network(fresh->config, fresh->seed));
    }
    if (!given_.empty()) {
        chosen_path_ = given_;
        return load(chosen_path_);
    }
    const std::vector<fs::path> files = model_files();
    if (files.empty()) {
        fail("no model was given and none was found in ", described(model_places()),
             "; give one with -m, or train one with 'bitlaw train'");
    }
    const auto preferred = std::find_if(
        files.begin(), files.end(), [](const fs::path& file) { return model_name(file) == kPreferredModel; });
    const auto greatest =
        std::max_element(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
            std::error_code error;
            return fs::file_size(a, error) < fs::file_size(b, error);
        });
    chosen_path_ = preferred != files.end() ? *preferred : *greatest;
    return load(chosen_path_);
}

void ModelShelf::add_to(InputFiles& inputs) const {
    for (const Entry& entry : loaded_) {
        inputs.add(model_file(entry.path));
    }
}

const StoredModel& ModelShelf::by_id(std::uint64_t id) {
    std::string seen;
    if (!given_.empty() && given_ != kNoModel && !fresh_of(given_)) {
        const StoredModel& model = load(given_);
        if (model.id == id) {
            return model;
        }
        seen = text_of("; the given ", given_, " is model ", hex64(model.id));
    }
    std::string found;
    for (const fs::path& file : model_files()) {
        try {
            // Only the one that is needed is loaded; what it says is verified then.
            const std::optional<std::uint64_t> its_id = peek_model_id(file);
            if (its_id == id) {
                return load(file);
            }
            found += text_of(found.empty() ? "" : ", ", model_name(file),
                             its_id ? " is " + hex64(*its_id) : std::string(" cannot be read"));
        } catch (const Error&) {
            found += text_of(found.empty() ? "" : ", ", model_name(file), " cannot be read");
        }
    }
    fail("this archive needs model ", hex64(id), seen, "; looked in ", described(model_places()), " (",
         found.empty() ? "no models there" : found, "); give the right model with -m");
}

}  // namespace bitlaw::cli
