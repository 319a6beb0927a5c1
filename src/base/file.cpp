#include "bitlaw/base/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "file_failure.hpp"

namespace bitlaw {
namespace {

const char* advice(int error) {
    switch (error) {
        case ENOENT: return "check the name";
        case EACCES:
        case EPERM:
        case EROFS: return "check the permissions";
        case EISDIR:
        case ENOTDIR: return "name a regular file";
        case ENOSPC:
        case EDQUOT: return "free some space or write elsewhere";
        case EFBIG: return "raise the file size limit or write elsewhere";
        default: return "check the path and the disk";
    }
}

// A file descriptor that is closed when it goes out of scope.
class Descriptor {
   public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { ::close(number_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

   private:
    int number_;
};

int open_for_reading(const std::filesystem::path& path) {
    // O_NONBLOCK: opening a pipe that nobody writes to must fail below, not wait.
    const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (number < 0) {
        fail_file("open", path, errno);
    }
    return number;
}

[[noreturn]] void fail_special(const std::filesystem::path& path, const char* what) {
    fail("cannot read ", path.string(), ": it is ", what, "; copy its content to a regular file first");
}

FileStatus regular_status(int file, const std::filesystem::path& path) {
    const FileStatus status = status_of(file, path);
    if (S_ISDIR(status.mode)) {
        fail_file("read", path, EISDIR);
    }
    if (!S_ISREG(status.mode)) {
        fail_special(path, "a pipe or a device");
    }
    // The system's own files (/proc) have content and the size 0.
    std::uint8_t byte = 0;
    if (status.size == 0 && ::pread(file, &byte, 1, 0) != 0) {
        fail_special(path, "a file of the system, which has no size");
    }
    return status;
}

}  // namespace

void fail_file(const char* action, const std::filesystem::path& path, int error) {
    fail("cannot ", action, " ", path.string(), ": ", error_reason(error), "; ", advice(error));
}

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
    const Descriptor file(open_for_reading(path));
    status_ = regular_status(file.number(), path);
    size_ = static_cast<std::size_t>(status_.size);
    if (size_ == 0) {
        return;
    }
    void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (memory == MAP_FAILED && errno == ENODEV) {
        fail_special(path, "a file of the system, which has no size of its own");  // /sys
    }
    if (memory == MAP_FAILED) {
        fail_file("map", path, errno);
    }
    data_ = static_cast<const std::uint8_t*>(memory);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      status_(other.status_),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(status_, other.status_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        ::munmap(const_cast<std::uint8_t*>(data_), size_);
    }
}

bool MappedFile::may_have_changed() const {
    const auto now = status_of(path_);
    // Under another file of its name, the mapped one lives on as it was.
    return now && now->id == status_.id && (status_.has_new_bytes(*now) || now->touched != status_.touched);
}

bool MappedFile::has_changed() const {
    const auto now = status_of(path_);
    return now && now->id == status_.id && status_.has_new_bytes(*now);
}

OpenFile::OpenFile(const std::filesystem::path& path) : path_(path), descriptor_(open_for_reading(path)) {
    try {
        status_ = regular_status(descriptor_, path);
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

OpenFile::~OpenFile() { ::close(descriptor_); }

void OpenFile::read(std::uint64_t place, std::span<std::uint8_t> buffer) const {
    while (!buffer.empty()) {
        const ssize_t count = ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(place));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            fail_file("read", path_, errno);
        }
        if (count == 0) {
            fail("cannot read ", path_.string(), ": it became shorter while it was read; try again");
        }
        place += static_cast<std::uint64_t>(count);
        buffer = buffer.subspan(static_cast<std::size_t>(count));
    }
}

bool OpenFile::has_changed() const { return status_.has_new_bytes(status_of(descriptor_, path_)); }

Bytes read_file(const std::filesystem::path& path, std::uint64_t most) {
    const OpenFile file(path);
    if (file.size() > most) {
        fail("cannot read ", path.string(), ": it has ", file.size(), " bytes, and at most ", most,
             " are allowed here; check that it is the file you mean");
    }
    Bytes data(static_cast<std::size_t>(file.size()));
    file.read(0, data);
    return data;
}

}  // namespace bitlaw
