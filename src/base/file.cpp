#include "bitlaw/base/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include "bitlaw/base/error.hpp"

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

[[noreturn]] void fail_file(const char* action, const std::filesystem::path& path, int error) {
    fail("cannot ", action, " ", path.string(), ": ", error_reason(error), "; ", advice(error));
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

std::size_t regular_size(const Descriptor& file, const std::filesystem::path& path) {
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) {
        fail_file("open", path, errno);
    }
    if (S_ISDIR(status.st_mode)) {
        fail_file("read", path, EISDIR);
    }
    if (!S_ISREG(status.st_mode)) {
        fail("cannot read ", path.string(),
             ": it is a pipe or a device; copy its content to a regular file first");
    }
    return static_cast<std::size_t>(status.st_size);
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Checks that the final name can be taken, and follows a symbolic link, which rename would replace.
std::filesystem::path final_name(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::is_directory(status)) {
        fail_file("write", path, EISDIR);
    }
    if (!std::filesystem::exists(status)) {
        if (!path.has_filename()) {
            fail_file("write", path, EISDIR);
        }
        return path;
    }
    if (!std::filesystem::is_regular_file(status)) {
        fail("cannot write ", path.string(), ": it is a pipe or a device; name a regular file");
    }
    return std::filesystem::is_symlink(path, error) ? std::filesystem::canonical(path) : path;
}

// The name's first bytes, at most `most`, cut between two characters: some file systems insist on UTF-8.
std::string cut_name(std::string name, std::size_t most) {
    if (name.size() > most) {
        while (most > 0 && (static_cast<unsigned char>(name[most]) & 0xC0) == 0x80) {
            --most;
        }
        name.resize(most);
    }
    return name;
}

// Makes the rename itself durable. A folder that may be written but not read, or a file system that
// cannot do it, is no reason to call a complete file failed.
void sync_folder(const std::filesystem::path& folder) {
    const int number = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (number < 0) {
        return;
    }
    const Descriptor descriptor(number);
    if (::fsync(descriptor.number()) != 0 && errno != EINVAL) {
        fail_file("save", folder, errno);
    }
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
    const Descriptor file(open_for_reading(path));
    size_ = regular_size(file, path);
    if (size_ == 0) {
        return;
    }
    void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (memory == MAP_FAILED) {
        fail_file("map", path, errno);
    }
    data_ = static_cast<const std::uint8_t*>(memory);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        ::munmap(const_cast<std::uint8_t*>(data_), size_);
    }
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(final_name(path)) {
    // Unique by process and count; names left behind by a killed process of the same number are stepped over.
    static std::atomic<unsigned> counter{0};
    do {
        const std::string mark = text_of(".tmp-", ::getpid(), "-", counter++);
        temporary_ =
            path_.parent_path() / (cut_name(path_.filename().string(), NAME_MAX - mark.size()) + mark);
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) {
        fail_file("write", path, errno);
    }
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

void AtomicFile::write(ByteSpan data) {
    BITLAW_ASSERT(descriptor_ >= 0);
    while (!data.empty()) {
        const ssize_t written = ::write(descriptor_, data.data(), data.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail_file("write", path_, errno);
        }
        data = data.subspan(static_cast<std::size_t>(written));
    }
}

void AtomicFile::commit() {
    BITLAW_ASSERT(descriptor_ >= 0);
    if (::fsync(descriptor_) != 0) {
        fail_file("save", path_, errno);
    }
    if (::close(std::exchange(descriptor_, -1)) != 0) {
        fail_file("save", path_, errno);
    }
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        fail_file("write", path_, errno);
    }
    temporary_.clear();
    sync_folder(folder_of(path_));
}

std::string error_reason(int error) { return std::generic_category().message(error); }

Bytes read_file(const std::filesystem::path& path, std::uint64_t most) {
    const Descriptor file(open_for_reading(path));
    const std::size_t size = regular_size(file, path);
    if (size > most) {
        fail("cannot read ", path.string(), ": it has ", size, " bytes, and at most ", most,
             " are allowed here; check that it is the file you mean");
    }
    Bytes data(size);
    for (std::size_t place = 0; place < size;) {
        const ssize_t count = ::read(file.number(), data.data() + place, size - place);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            fail_file("read", path, errno);
        }
        if (count == 0) {
            fail("cannot read ", path.string(), ": it became shorter while it was read; try again");
        }
        place += static_cast<std::size_t>(count);
    }
    return data;
}

void write_file(const std::filesystem::path& path, ByteSpan data) {
    AtomicFile file(path);
    file.write(data);
    file.commit();
}

}  // namespace bitlaw
