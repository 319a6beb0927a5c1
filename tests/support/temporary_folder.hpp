#pragma once
/// \file A folder of a test's own, removed with all that is in it at the end of the test.

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <string>

namespace bitlaw::test {

class TemporaryFolder {
   public:
    TemporaryFolder() {
        static std::atomic<unsigned> counter{0};
        path_ = std::filesystem::temp_directory_path() /
                ("bitlaw-test-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
        std::filesystem::create_directory(path_);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

    /// Number of entries in the folder itself, temporary files of an OutputFile included.
    [[nodiscard]] std::size_t entries() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) {
            ++count;
        }
        return count;
    }

   private:
    std::filesystem::path path_;
};

}  // namespace bitlaw::test
