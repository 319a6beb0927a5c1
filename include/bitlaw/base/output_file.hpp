#pragma once
/// \file Output: files that appear when they are complete. All functions throw Error with the path and why.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/file_status.hpp"

namespace bitlaw {

/// What becomes of a file that has the output's name.
enum class Existing {
    refuse,   ///< it stays, also one that appears while the output is written
    replace,  ///< the name then leads to the output; of a symbolic link, the link is replaced, not its target
};

struct OutputOptions {
    Existing existing = Existing::replace;
    bool sparse = false;  ///< runs of zeros take no space on the disk
    /// Permissions, owner, group and times of another file, as far as the system allows; until then nobody
    /// else may read the output.
    std::optional<FileStatus> attributes = {};
};

/// Every file that is written goes through here. The bytes go to a temporary file in the same folder, which
/// commit() brings to the disk and gives its name in one step. Without commit() the destructor removes it.
class OutputFile {
   public:
    explicit OutputFile(const std::filesystem::path& path, const OutputOptions& options = {});
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();
    void write(ByteSpan data);
    void commit();

   private:
    void write_at(ByteSpan data, std::uint64_t place) const;
    void write_sparse(ByteSpan data);
    void copy_attributes(const FileStatus& from) const;
    void take_name();

    std::filesystem::path path_;
    OutputOptions options_;
    std::filesystem::path temporary_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

/// Writes a whole file.
void write_file(const std::filesystem::path& path, ByteSpan data, const OutputOptions& options = {});
void write_file(const std::filesystem::path& path, const std::string& text,
                const OutputOptions& options = {});

/// Throws Error when `path` cannot become an output: a folder, a device, or a file that is not to be
/// replaced.
void require_writable(const std::filesystem::path& path, Existing existing);

/// Whether a file of this name may be what an OutputFile that was never finished has left.
[[nodiscard]] bool is_temporary_name(const std::filesystem::path& path);

/// A file that starts with `begin`, replaces what was there, and then grows by whole pieces.
class GrowingFile {
   public:
    GrowingFile(const std::filesystem::path& path, const std::string& begin);
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;
    ~GrowingFile();
    void add(const std::string& piece);

   private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace bitlaw
