#include "bitlaw/base/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "file_failure.hpp"

namespace bitlaw {
namespace {

constexpr const char* kTemporaryMark = ".tmp-";

// A block of most file systems: shorter runs of zeros free no space.
constexpr std::size_t kHoleBytes = 4096;

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
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
    const int result = ::fsync(number);
    const int error = errno;
    ::close(number);
    if (result != 0 && error != EINVAL) {
        fail_file("save", folder, error);
    }
}

[[noreturn]] void fail_existing(const std::filesystem::path& path) {
    fail(path.string(), " exists already; use -f to overwrite it, or name another output");
}

// Where the first run of zeros begins that is worth a hole, or that reaches the end: 0 .. data.size().
std::size_t hole_in(ByteSpan data) {
    std::size_t place = 0;
    while (place < data.size()) {
        const void* const zero = std::memchr(data.data() + place, 0, data.size() - place);
        if (zero == nullptr) {
            return data.size();
        }
        const auto begin = static_cast<std::size_t>(static_cast<const std::uint8_t*>(zero) - data.data());
        const auto end = std::find_if(data.begin() + static_cast<std::ptrdiff_t>(begin), data.end(),
                                      [](std::uint8_t byte) { return byte != 0; });
        place = static_cast<std::size_t>(end - data.begin());
        if (place - begin >= kHoleBytes || place == data.size()) {
            return begin;
        }
    }
    return data.size();
}

std::size_t zeros_in_front(ByteSpan data) {
    return static_cast<std::size_t>(
        std::find_if(data.begin(), data.end(), [](std::uint8_t byte) { return byte != 0; }) - data.begin());
}

}  // namespace

void require_writable(const std::filesystem::path& path, Existing existing) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::is_directory(status) || !path.has_filename()) {
        fail_file("write", path, EISDIR);
    }
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        fail("cannot write ", path.string(), ": it is a pipe or a device; name a regular file");
    }
    const bool is_link = std::filesystem::is_symlink(path, error);
    if (is_link && std::filesystem::read_symlink(path, error).string().starts_with("/proc/")) {
        // /dev/stdout and its like: to replace that link would take it from every other program.
        fail("cannot write ", path.string(), ": it is another name of an open file; name a file");
    }
    if (existing == Existing::refuse && (is_link || std::filesystem::exists(status))) {
        fail_existing(path);
    }
}

bool is_temporary_name(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    const std::size_t mark = name.rfind(kTemporaryMark);
    if (mark == std::string::npos) {
        return false;
    }
    const std::string rest = name.substr(mark + std::strlen(kTemporaryMark));
    const std::size_t line = rest.find('-');
    const auto is_number = [](const std::string& text) {
        return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    };
    return line != std::string::npos && is_number(rest.substr(0, line)) && is_number(rest.substr(line + 1));
}

OutputFile::OutputFile(const std::filesystem::path& path, const OutputOptions& options)
    : path_(path), options_(options) {
    require_writable(path, options.existing);
    // Unique by process and count; names left behind by a killed process of the same number are stepped over.
    static std::atomic<unsigned> counter{0};
    const mode_t mode = options.attributes ? 0600 : 0666;
    do {
        const std::string mark = text_of(kTemporaryMark, ::getpid(), "-", counter++);
        temporary_ =
            path_.parent_path() / (cut_name(path_.filename().string(), NAME_MAX - mark.size()) + mark);
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) {
        fail_file("write", path, errno);
    }
}

OutputFile::~OutputFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

void OutputFile::write(ByteSpan data) {
    BITLAW_ASSERT(descriptor_ >= 0);
    if (options_.sparse) {
        write_sparse(data);
    } else {
        write_at(data, size_);
        size_ += data.size();
    }
}

// What is not written is a hole, and reads as zeros.
void OutputFile::write_sparse(ByteSpan data) {
    while (!data.empty()) {
        const std::size_t zeros = zeros_in_front(data);
        if (zeros < kHoleBytes && zeros < data.size()) {
            const std::size_t count = zeros + hole_in(data.subspan(zeros));
            write_at(data.first(count), size_);
            size_ += count;
            data = data.subspan(count);
        } else {
            size_ += zeros;
            data = data.subspan(zeros);
        }
    }
}

void OutputFile::write_at(ByteSpan data, std::uint64_t place) const {
    while (!data.empty()) {
        const ssize_t written = ::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(place));
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail_file("write", path_, errno);
        }
        data = data.subspan(static_cast<std::size_t>(written));
        place += static_cast<std::uint64_t>(written);
    }
}

void OutputFile::copy_attributes(const FileStatus& from) const {
    // Owner and group first, since changing them clears mode bits; only root may change the owner. Where the
    // group stays another, it gets no more than everybody. The bytes are complete whatever happens here:
    // nothing of this is an error.
    const bool owner_set = ::fchown(descriptor_, from.owner, static_cast<gid_t>(-1)) == 0;
    const bool group_set = ::fchown(descriptor_, static_cast<uid_t>(-1), from.group) == 0;
    mode_t mode = from.mode & 0777;
    if (!owner_set || !group_set) {
        mode &= 0707 | (mode & 0007) << 3;
    }
    (void)::fchmod(descriptor_, mode);
    const std::array<struct timespec, 2> times{
        {{from.read.seconds, from.read.nanoseconds}, {from.modified.seconds, from.modified.nanoseconds}}};
    (void)::futimens(descriptor_, times.data());
}

void OutputFile::take_name() {
    const char* const from = temporary_.c_str();
    const char* const to = path_.c_str();
    bool is_claimed = false;
    if (options_.existing == Existing::refuse) {
        if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
            temporary_.clear();
            return;
        }
        if (errno == EEXIST) {
            fail_existing(path_);
        }
        if (errno != EINVAL && errno != ENOSYS) {
            fail_file("write", path_, errno);
        }
        // A file system that cannot do it (NFS): an empty file claims the name, which only one can make.
        const int claim = ::open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (claim < 0 && errno == EEXIST) {
            fail_existing(path_);
        }
        if (claim < 0) {
            fail_file("write", path_, errno);
        }
        ::close(claim);
        is_claimed = true;
    }
    if (::rename(from, to) != 0) {
        const int error = errno;
        if (is_claimed) {
            ::unlink(to);
        }
        fail_file("write", path_, error);
    }
    temporary_.clear();
}

void OutputFile::commit() {
    BITLAW_ASSERT(descriptor_ >= 0);
    if (options_.sparse && ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
        fail_file("write", path_, errno);
    }
    if (options_.attributes) {
        copy_attributes(*options_.attributes);
    }
    if (::fsync(descriptor_) != 0) {
        fail_file("save", path_, errno);
    }
    if (::close(std::exchange(descriptor_, -1)) != 0) {
        fail_file("save", path_, errno);
    }
    take_name();
    sync_folder(folder_of(path_));
}

void write_file(const std::filesystem::path& path, ByteSpan data, const OutputOptions& options) {
    OutputFile file(path, options);
    file.write(data);
    file.commit();
}

void write_file(const std::filesystem::path& path, const std::string& text, const OutputOptions& options) {
    write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, options);
}

GrowingFile::GrowingFile(const std::filesystem::path& path, const std::string& begin) : path_(path) {
    write_file(path, begin);
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor_ < 0) {
        fail_file("write", path, errno);
    }
}

GrowingFile::~GrowingFile() { ::close(descriptor_); }

void GrowingFile::add(const std::string& piece) {
    std::string_view rest = piece;
    while (!rest.empty()) {
        const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) {
            fail_file("write", path_, errno);
        }
        rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
}

}  // namespace bitlaw
