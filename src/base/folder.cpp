#include "bitlaw/base/folder.hpp"

#include <system_error>

#include "bitlaw/base/error.hpp"

namespace bitlaw {

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    std::error_code unknown;  // set where the path cannot be looked at, which `error` tells already
    if (!std::filesystem::is_directory(folder, unknown)) {
        fail("cannot make the folder ", folder.string(), ": ",
             error ? error.message() : std::string("a file has that name"), "; name another folder");
    }
}

void require_folder_of(const std::filesystem::path& file) {
    std::error_code error;
    const std::filesystem::path folder = file.parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
        fail("cannot write ", file.string(), ": there is no folder ", folder.string(), "; make it first");
    }
}

}  // namespace bitlaw
