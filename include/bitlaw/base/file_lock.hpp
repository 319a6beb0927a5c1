#pragma once
/// \file Locks between processes that work in one folder.

#include <filesystem>

namespace bitlaw {

/// An exclusive lock on a file (flock), which the system drops when the process ends, however it does. The
/// file stays. Two locks exclude each other within a process too.
class FileLock {
   public:
    enum class Wait { yes, no };
    /// Makes the file where there is none. With Wait::no held() is false when another one has the lock.
    /// Throws Error when the file cannot be made or the file system has no locks.
    FileLock(const std::filesystem::path& path, Wait wait);
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock();
    [[nodiscard]] bool held() const { return held_; }

   private:
    int descriptor_ = -1;
    bool held_ = false;
};

}  // namespace bitlaw
