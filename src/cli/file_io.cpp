#include "file_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace coding;

namespace {

namespace fs = std::filesystem;

// A signal may be delivered to another thread and so not interrupt a read; a pipe is asked first, this often.
constexpr int kPollMilliseconds = 100;

void wait_for(int descriptor, short event, const char* result) {
    struct pollfd request {
        .fd = descriptor, .events = event, .revents = 0
    };
    int ready = 0;
    do {
        throw_if_stopped(result);
        ready = ::poll(&request, 1, kPollMilliseconds);
    } while (ready == 0 || (ready < 0 && errno == EINTR));
}

void wait_for_input(int descriptor) { wait_for(descriptor, POLLIN, "nothing was written"); }

// Opening a named pipe waits for the other side in a way that a stop request cannot end, so it is opened
// without waiting: a reader's end is then asked as any pipe is, a writer's end tried until somebody reads.
int open_waiting(const char* name, int mode, bool is_pipe) {
    const int flags = mode | O_CLOEXEC | O_NOCTTY;
    if (!is_pipe) {
        return ::open(name, flags);
    }
    int descriptor = ::open(name, flags | O_NONBLOCK);
    while (descriptor < 0 && errno == ENXIO) {
        throw_if_stopped("nothing was written");
        (void)::poll(nullptr, 0, kPollMilliseconds);
        descriptor = ::open(name, flags | O_NONBLOCK);
    }
    if (descriptor >= 0) {
        (void)::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
    }
    return descriptor;
}

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// A restored secret must not be readable by others even while it is written.
class PrivateMask {
   public:
    explicit PrivateMask(bool wanted) : wanted_(wanted), before_(wanted ? ::umask(0077) : 0) {}
    ~PrivateMask() {
        if (wanted_) {
            ::umask(before_);
        }
    }
    PrivateMask(const PrivateMask&) = delete;
    PrivateMask& operator=(const PrivateMask&) = delete;

   private:
    bool wanted_;
    mode_t before_;
};

}  // namespace

Input::Input(const std::string& name, const InputRules& rules) : name_(name) {
    if (is_standard()) {
        if (!rules.terminal && is_terminal(STDIN_FILENO)) {
            fail_usage("standard input is a terminal; name a file, use a pipe, or -f");
        }
        descriptor_ = STDIN_FILENO;
        if (::fstat(descriptor_, &status_) != 0) {
            fail("cannot read standard input: ", error_reason(errno), "; name a file");
        }
        if (S_ISDIR(status_.st_mode)) {
            fail("cannot read standard input: it is a folder; name a file");
        }
        return;
    }
    struct stat named {};
    if (::lstat(name.c_str(), &named) != 0) {
        const int error = errno;
        fail("cannot open ", name, ": ", error_reason(error),
             error == EACCES ? "; check the permissions" : "; check the name");
    }
    const bool is_link = S_ISLNK(named.st_mode);
    if (::stat(name.c_str(), &status_) != 0) {
        fail("cannot open ", name, ": ", error_reason(errno), "; check where the link points to");
    }
    if (S_ISDIR(status_.st_mode)) {
        fail(name, " is a folder; name files, or pack it with tar first");
    }
    if (!S_ISREG(status_.st_mode) && !rules.special) {
        fail(name, " is a pipe or a device; use -c, -o or -f to read it all the same");
    }
    if ((is_link || (S_ISREG(status_.st_mode) && status_.st_nlink > 1)) && !rules.links) {
        fail(name, is_link ? " is a symbolic link" : " has several names (hard links)",
             ", and --rm would remove only this one; use -f to do that");
    }
    descriptor_ = open_waiting(name.c_str(), O_RDONLY, S_ISFIFO(status_.st_mode));
    if (descriptor_ < 0 || ::fstat(descriptor_, &status_) != 0) {
        fail("cannot open ", name, ": ", error_reason(errno), "; check the permissions");
    }
}

Input::~Input() {
    if (descriptor_ >= 0 && !is_standard()) {
        ::close(descriptor_);
    }
}

ByteSource Input::source() const {
    return source_of_descriptor(descriptor_, shown(),
                                [descriptor = descriptor_] { wait_for_input(descriptor); });
}

SeekableSource Input::seekable() const {
    if (!is_regular()) {
        fail(shown(),
             " is a pipe or a device, and a range needs a file that can be read from any place; save it "
             "first");
    }
    return {size(),
            [descriptor = descriptor_, name = shown()](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                std::size_t filled = 0;
                while (filled < buffer.size()) {
                    const ssize_t count = ::pread(descriptor, buffer.data() + filled, buffer.size() - filled,
                                                  static_cast<off_t>(offset + filled));
                    if (count < 0 && errno != EINTR) {
                        fail("cannot read ", name, ": ", error_reason(errno), "; check the disk");
                    }
                    if (count == 0) {
                        break;
                    }
                    filled += count > 0 ? static_cast<std::size_t>(count) : 0;
                }
                return filled;
            }};
}

std::uint64_t Input::size() const { return is_regular() ? static_cast<std::uint64_t>(status_.st_size) : 0; }

std::string Input::shown() const { return is_standard() ? "standard input" : name_; }

Output::Output() : descriptor_(STDOUT_FILENO) {}

Output::Output(const fs::path& path, const Input& input, bool force) : path_(path), force_(force) {
    struct stat existing {};
    const bool exists = ::stat(path.c_str(), &existing) == 0;
    if (exists && S_ISDIR(existing.st_mode)) {
        fail("cannot write ", path.string(), ": it is a folder; name a file with -o");
    }
    if (exists && same_file(existing, input.status())) {
        fail("cannot write ", path.string(), ": it is the input itself; name another file with -o");
    }
    if (exists && !S_ISREG(existing.st_mode)) {
        // A device or a named pipe is written in place, as zstd does: nothing can appear beside it.
        descriptor_ = open_waiting(path.c_str(), O_WRONLY, S_ISFIFO(existing.st_mode));
        if (descriptor_ < 0) {
            fail("cannot write ", path.string(), ": ", error_reason(errno), "; check the permissions");
        }
        owns_descriptor_ = true;
        return;
    }
    refuse_existing();
    copies_attributes_ = input.is_regular() && !input.is_standard();
    attributes_ = input.status();
    const PrivateMask mask(copies_attributes_);
    file_ = std::make_unique<AtomicFile>(path);
}

Output::~Output() {
    if (owns_descriptor_) {
        ::close(descriptor_);
    }
}

void Output::refuse_existing() const {
    std::error_code error;
    if (!force_ && fs::exists(fs::symlink_status(path_, error))) {
        fail(path_.string(), " exists already; use -f to overwrite it, or -o to name another");
    }
}

void Output::write(ByteSpan data) {
    if (file_) {
        file_->write(data);
    } else {
        sink_to_descriptor(descriptor_, path_.empty() ? "standard output" : path_.string(),
                           [this] { wait_for(descriptor_, POLLOUT, "the output is not complete"); })(data);
    }
}

void Output::commit() {
    if (owns_descriptor_) {
        owns_descriptor_ = false;
        if (::close(descriptor_) != 0) {
            fail("cannot write ", path_.string(), ": ", error_reason(errno), "; check the device");
        }
    }
    if (!file_) {
        return;
    }
    refuse_existing();  // it may have come while we worked
    file_->commit();
    file_.reset();
    if (copies_attributes_) {
        // Owner and group first, since changing them clears mode bits; only root may change the owner. Where
        // the group stays another, it gets no more than everybody. The result is complete whatever happens
        // here: nothing of this is an error.
        const bool owner_set = ::chown(path_.c_str(), attributes_.st_uid, static_cast<gid_t>(-1)) == 0;
        const bool group_set = ::chown(path_.c_str(), static_cast<uid_t>(-1), attributes_.st_gid) == 0;
        mode_t mode = attributes_.st_mode & 0777;
        if (!owner_set || !group_set) {
            mode &= 0707 | (mode & 0007) << 3;
        }
        (void)::chmod(path_.c_str(), mode);
        const std::array<struct timespec, 2> times{attributes_.st_atim, attributes_.st_mtim};
        (void)::utimensat(AT_FDCWD, path_.c_str(), times.data(), 0);
    }
}

void remove_source(const fs::path& path, const Input& input) {
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0 || !same_file(now, input.status()) ||
        now.st_size != input.status().st_size || now.st_mtim.tv_sec != input.status().st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != input.status().st_mtim.tv_nsec) {
        fail("kept ", path.string(), ": it has changed since it was read; do it again");
    }
    if (::unlink(path.c_str()) != 0) {
        fail("cannot remove ", path.string(), ": ", error_reason(errno), "; the result is complete");
    }
}

}  // namespace bitlaw::cli
