#include "places.hpp"

#include <algorithm>
#include <optional>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/stack_network.hpp"

namespace bitlaw::cli {

using namespace coding;
using namespace model;

namespace {

namespace fs = std::filesystem;

/// What chosen() prefers.
constexpr const char* kPreferredModel = "3.2m";

}  // namespace

std::string resolve_data(const std::string& text) {
    std::error_code error;
    const std::size_t at = text.rfind('@');
    const std::string name = text.substr(0, at);
    if (text.find('/') != std::string::npos || fs::exists(text, error) || fs::exists(name, error)) {
        return text;
    }
    std::vector<fs::path> folders = folders_of_environment("BITLAW_DATA");
    if (const fs::path root = home_folder(); !root.empty()) {
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
        fail("no model was given and none was found in ", describe_folders(model_places()),
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
    fail("this archive needs model ", hex64(id), seen, "; looked in ", describe_folders(model_places()), " (",
         found.empty() ? "no models there" : found, "); give the right model with -m");
}

}  // namespace bitlaw::cli
