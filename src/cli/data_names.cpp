#include "data_names.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/train/corpus.hpp"

namespace bitlaw::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxListBytes = 1 << 24;

/// A file whose own name has such characters is that file, also with a range and a weight behind it.
bool is_pattern(const std::string& name) {
    std::error_code error;
    return name.find_first_of("*?[") != std::string::npos &&
           !fs::exists(train::parse_range(train::parse_weighted_range(name).range).path, error);
}

// Sorted by their bytes.
std::vector<std::string> files_below(const fs::path& folder) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (it->is_regular_file(error)) {
            files.push_back(it->path().string());
        }
    }
    if (error) {
        fail("cannot read the folder ", folder.string(), ": ", error.message(), "; check its permissions");
    }
    if (files.empty()) {
        fail_usage("the folder ", folder.string(), " holds no file; name one that holds data");
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> files_like(const std::string& pattern) {
    struct Matches {
        glob_t found{};
        Matches() = default;
        Matches(const Matches&) = delete;
        Matches& operator=(const Matches&) = delete;
        ~Matches() { ::globfree(&found); }
    } matches;
    std::vector<std::string> files;
    std::error_code error;
    if (::glob(pattern.c_str(), 0, nullptr, &matches.found) == 0) {
        for (std::size_t i = 0; i < matches.found.gl_pathc; ++i) {
            if (fs::is_regular_file(matches.found.gl_pathv[i], error)) {
                files.emplace_back(matches.found.gl_pathv[i]);
            }
        }
    }
    if (files.empty()) {
        fail_usage("no file matches '", pattern,
                   "'; a pattern takes whole files, without ranges and weights");
    }
    std::sort(files.begin(), files.end());
    return files;
}

void expand(const std::string& name, bool may_be_list, std::vector<std::string>& files) {
    std::error_code error;
    std::vector<std::string> found;
    if (fs::is_directory(name, error)) {
        found = files_below(name);
    } else if (fs::exists(name, error)) {
        found = {name};
    } else if (name.starts_with('@')) {
        if (!may_be_list) {
            fail_usage("the list names another list, ", name, "; write its lines instead");
        }
        const fs::path list = name.substr(1);
        for (const std::string& line : lines_of(read_text(list, kMaxListBytes))) {
            if (!line.empty()) {
                expand(line.starts_with('@') ? line : (list.parent_path() / line).string(), false, files);
            }
        }
    } else {
        found = is_pattern(name) ? files_like(name) : std::vector<std::string>{name};
    }
    files.insert(files.end(), found.begin(), found.end());
}

}  // namespace

std::vector<std::string> expanded_data(const std::vector<std::string>& names) {
    std::vector<std::string> files;
    for (const std::string& name : names) {
        expand(name, true, files);
    }
    return files;
}

}  // namespace bitlaw::cli
