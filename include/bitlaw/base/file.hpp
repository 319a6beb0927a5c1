#pragma once
/// \file Files that are read: mapped into memory or whole. Output is in output_file.hpp. All throw Error with
/// the path and why.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/file_status.hpp"

namespace bitlaw {

/// A regular file mapped read-only; an empty file gives an empty span. Throws for folders, pipes, files of
/// the system without a size (/proc) and missing files.
class MappedFile {
   public:
    explicit MappedFile(const std::filesystem::path& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();
    [[nodiscard]] ByteSpan bytes() const { return {data_, size_}; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Whether the file was written to since it was mapped, so that bytes() are of two contents.
    [[nodiscard]] bool has_changed() const;
    /// Also true when only its name, permissions or times were changed, or set back: where a hash was made,
    /// it decides.
    [[nodiscard]] bool may_have_changed() const;

   private:
    std::filesystem::path path_;
    FileStatus status_;
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A regular file that is read by places. Throws as MappedFile does.
class OpenFile {
   public:
    explicit OpenFile(const std::filesystem::path& path);
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile();
    [[nodiscard]] std::uint64_t size() const { return status_.size; }  ///< when it was opened
    /// Fills `buffer` with the bytes from `place` on. Throws Error when the file has become shorter.
    void read(std::uint64_t place, std::span<std::uint8_t> buffer) const;
    /// Whether the file was written to since it was opened.
    [[nodiscard]] bool has_changed() const;

   private:
    std::filesystem::path path_;
    int descriptor_;
    FileStatus status_;
};

/// Reads a whole regular file; throws when it is larger than `most` bytes.
[[nodiscard]] Bytes read_file(const std::filesystem::path& path, std::uint64_t most);

}  // namespace bitlaw
