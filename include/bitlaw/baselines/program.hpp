#pragma once
/// \file Other programs, run by the shell and waited for.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bitlaw::baselines {

/// What a program's run took.
struct ProgramRun {
    int exit_code = 0;              ///< 128 + the signal's number when a signal ended it
    std::uint64_t peak_memory = 0;  ///< bytes, of the greatest of its processes
};

/// Runs /bin/sh -c `command` with its input empty and its output thrown away, and waits. Calls `watch` ten
/// times a second, which may throw; then the program and those that it started are ended first. Throws Error
/// when it cannot be started.
ProgramRun run_program(const std::string& command, const std::function<void()>& watch);

/// The text as one word of the shell.
[[nodiscard]] std::string shell_word(const std::string& text);

/// A new folder for temporary files, removed with all that is in it.
class ScratchFolder {
   public:
    ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

   private:
    std::filesystem::path path_;
};

}  // namespace bitlaw::baselines
