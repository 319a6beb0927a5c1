#pragma once
/// \file Files: memory-mapped input, atomic output, small helpers. All throw Error with the path and why.

#include <cstdint>
#include <filesystem>
#include <string>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw {

/// A regular file mapped read-only; an empty file gives an empty span. Throws for folders, pipes and missing
/// files.
class MappedFile {
   public:
    explicit MappedFile(const std::filesystem::path& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();
    [[nodiscard]] ByteSpan bytes() const { return {data_, size_}; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

   private:
    std::filesystem::path path_;
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Output that appears under its final name only when complete: a temporary file in the same folder, then
/// fsync, rename and fsync of the folder in commit(). Without commit() the destructor removes the temporary
/// file.
class AtomicFile {
   public:
    explicit AtomicFile(const std::filesystem::path& path);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();
    void write(ByteSpan data);
    void commit();

   private:
    std::filesystem::path path_;
    std::filesystem::path temporary_;
    int descriptor_ = -1;
};

/// Reads a whole regular file; throws when it is larger than `most` bytes.
[[nodiscard]] Bytes read_file(const std::filesystem::path& path, std::uint64_t most);

/// Writes a whole file atomically.
void write_file(const std::filesystem::path& path, ByteSpan data);

/// The system's words for an errno.
[[nodiscard]] std::string error_reason(int error);

}  // namespace bitlaw
