#pragma once
/// \file What the system knows of a file: which one it is, whether its bytes may have changed, its
/// attributes.

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace bitlaw {

/// Which file it is, whatever it is called: names that are links of each other lead to the same one.
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    auto operator<=>(const FileId&) const = default;
};

/// A moment as the file system keeps it.
struct FileTime {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    auto operator<=>(const FileTime&) const = default;
};

/// A file as it was when it was looked at.
struct FileStatus {
    FileId id;
    std::uint64_t size = 0;
    FileTime modified;  ///< when its bytes changed, as far as nobody set it back
    FileTime touched;   ///< when anything of it changed; nobody can set it
    FileTime read;
    std::uint32_t mode = 0;  ///< type and permissions
    std::uint32_t owner = 0;
    std::uint32_t group = 0;

    /// Whether `now`, the same file later, has other bytes by its size and its time of modification.
    [[nodiscard]] bool has_new_bytes(const FileStatus& now) const {
        return size != now.size || modified != now.modified;
    }
};

/// Of the file that `path` leads to through links; nothing when there is none.
[[nodiscard]] std::optional<FileStatus> status_of(const std::filesystem::path& path);
/// Of an open file. Throws Error naming `path`.
[[nodiscard]] FileStatus status_of(int descriptor, const std::filesystem::path& path);

/// The system's words for an errno.
[[nodiscard]] std::string error_reason(int error);

/// The files that a command reads, so that none of them becomes its output under any name.
class InputFiles {
   public:
    /// Adds what `path` leads to now, nothing when there is no file.
    void add(const std::filesystem::path& path);
    /// Whether `path` leads to one of them, which is still there.
    [[nodiscard]] bool contains(const std::filesystem::path& path) const;
    /// Throws Error when `output` leads to one of them.
    void require_not(const std::filesystem::path& output) const;

   private:
    struct Entry {
        FileId id;
        std::filesystem::path path;
        bool operator<(const Entry& other) const { return id < other.id; }
    };
    std::set<Entry> entries_;
};

}  // namespace bitlaw
