#include "bitlaw/base/file_status.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "bitlaw/base/error.hpp"

namespace bitlaw {
namespace {

FileTime time_of(const struct timespec& time) { return {time.tv_sec, time.tv_nsec}; }

FileStatus status_from(const struct stat& s) {
    return {.id = {s.st_dev, s.st_ino},
            .size = static_cast<std::uint64_t>(s.st_size),
            .modified = time_of(s.st_mtim),
            .touched = time_of(s.st_ctim),
            .read = time_of(s.st_atim),
            .mode = s.st_mode,
            .owner = s.st_uid,
            .group = s.st_gid};
}

}  // namespace

std::optional<FileStatus> status_of(const std::filesystem::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return std::nullopt;
    }
    return status_from(status);
}

FileStatus status_of(int descriptor, const std::filesystem::path& path) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        fail("cannot look at ", path.string(), ": ", error_reason(errno), "; check the path and the disk");
    }
    return status_from(status);
}

std::string error_reason(int error) { return std::generic_category().message(error); }

void InputFiles::add(const std::filesystem::path& path) {
    if (const auto status = status_of(path)) {
        entries_.insert({status->id, path});
    }
}

bool InputFiles::contains(const std::filesystem::path& path) const {
    const auto status = status_of(path);
    const auto entry = status ? entries_.find({status->id, {}}) : entries_.end();
    if (entry == entries_.end()) {
        return false;
    }
    // The system gives the number of a file that was removed meanwhile to the next one.
    const auto now = status_of(entry->path);
    return now && now->id == status->id;
}

void InputFiles::require_not(const std::filesystem::path& output) const {
    if (contains(output)) {
        fail("cannot write ", output.string(), ": it is one of the inputs; name another output");
    }
}

}  // namespace bitlaw
