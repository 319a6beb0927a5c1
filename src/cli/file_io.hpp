#pragma once
/// \file Inputs and outputs of the commands that work on files: opening with the checks of zstd and xz,
/// attributes, removal.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/coding/archive_index.hpp"
#include "bitlaw/coding/stream.hpp"

namespace bitlaw::cli {

/// The name of a standard stream.
inline constexpr const char* kStandardStream = "-";

/// What an input may be.
struct InputRules {
    bool special = false;   ///< pipes and devices by name
    bool links = true;      ///< symbolic links and files of several names
    bool terminal = false;  ///< standard input may be a terminal
    /// What to do about a pipe or a device that the rules forbid.
    const char* advice = "copy what it gives to a regular file first";
};

/// A file or standard input, open for reading.
class Input {
   public:
    /// Throws Error for what cannot be read: missing, a folder, against the rules.
    Input(const std::string& name, const InputRules& rules);
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input();

    /// Reads on from where the input is; looks for a stop request before every read and while a pipe is
    /// empty.
    [[nodiscard]] coding::ByteSource source() const;
    /// The same bytes by their places; throws Error for what has none, such as a pipe.
    [[nodiscard]] coding::SeekableSource seekable() const;
    [[nodiscard]] bool is_standard() const { return name_ == kStandardStream; }
    [[nodiscard]] bool is_regular() const;
    [[nodiscard]] std::uint64_t size() const;  ///< of a regular file, otherwise 0
    [[nodiscard]] const FileStatus& status() const { return status_; }
    /// Whether a regular file was written to since it was opened.
    [[nodiscard]] bool has_changed() const;
    /// "notes.txt" or "standard input".
    [[nodiscard]] std::string shown() const;

   private:
    std::string name_;
    int descriptor_ = -1;
    FileStatus status_;
};

/// What an output may be.
struct OutputRules {
    bool force = false;   ///< replace a file that has the name
    bool sparse = false;  ///< runs of zeros take no space on the disk
};

/// A new file, which appears under its name only when complete, or an open stream.
class Output {
   public:
    /// Standard output.
    Output();
    /// Standard output, which must not be the file that is read.
    explicit Output(const Input& input);
    /// A file, which must be none of `inputs` and not `input`. Takes permissions, owner and times of a
    /// regular `input`.
    Output(const std::filesystem::path& path, const Input& input, const InputFiles& inputs,
           const OutputRules& rules);
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();

    /// Whether it is a file, not a stream, a pipe or a device.
    [[nodiscard]] bool is_file() const { return file_ != nullptr; }
    void write(ByteSpan data);
    /// Makes the file appear, complete and on the disk. Without it nothing is left behind.
    void commit();

   private:
    std::filesystem::path path_;
    int descriptor_ = -1;
    bool owns_descriptor_ = false;
    std::unique_ptr<OutputFile> file_;
};

/// Removes a source after its result is safe. Throws Error when another file has taken the name since it was
/// opened.
void remove_source(const std::filesystem::path& path, const Input& input);

}  // namespace bitlaw::cli
