#include "file_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "bitlaw/base/error.hpp"
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

}  // namespace

Input::Input(const std::string& name, const InputRules& rules) : name_(name) {
    if (is_standard()) {
        if (!rules.terminal && is_terminal(STDIN_FILENO)) {
            fail_usage("standard input is a terminal; name a file, use a pipe, or -f");
        }
        descriptor_ = STDIN_FILENO;
        status_ = status_of(descriptor_, "standard input");
        if (S_ISDIR(status_.mode)) {
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
    struct stat target {};
    if (::stat(name.c_str(), &target) != 0) {
        fail("cannot open ", name, ": ", error_reason(errno), "; check where the link points to");
    }
    if (S_ISDIR(target.st_mode)) {
        fail(name, " is a folder; name files, or pack it with tar first");
    }
    if (!S_ISREG(target.st_mode) && !rules.special) {
        fail(name, " is a pipe or a device; ", rules.advice);
    }
    if ((is_link || (S_ISREG(target.st_mode) && target.st_nlink > 1)) && !rules.links) {
        fail(name, is_link ? " is a symbolic link" : " has several names (hard links)",
             ", and --rm would remove only this one; use -f to do that");
    }
    descriptor_ = open_waiting(name.c_str(), O_RDONLY, S_ISFIFO(target.st_mode));
    if (descriptor_ < 0) {
        fail("cannot open ", name, ": ", error_reason(errno), "; check the permissions");
    }
    status_ = status_of(descriptor_, name);
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

bool Input::is_regular() const { return S_ISREG(status_.mode); }

std::uint64_t Input::size() const { return is_regular() ? status_.size : 0; }

bool Input::has_changed() const {
    return is_regular() && status_.has_new_bytes(status_of(descriptor_, shown()));
}

std::string Input::shown() const { return is_standard() ? "standard input" : name_; }

Output::Output() : descriptor_(STDOUT_FILENO) {}

Output::Output(const Input& input) : Output() {
    const FileStatus status = status_of(STDOUT_FILENO, "standard output");
    if (S_ISREG(status.mode) && status.id == input.status().id) {
        fail("cannot write standard output: it is the input itself; name another output");
    }
}

Output::Output(const fs::path& path, const Input& input, const InputFiles& inputs, const OutputRules& rules)
    : path_(path) {
    const std::optional<FileStatus> existing = status_of(path);
    if (existing && S_ISDIR(existing->mode)) {
        fail("cannot write ", path.string(), ": it is a folder; name a file with -o");
    }
    if (existing && existing->id == input.status().id) {
        fail("cannot write ", path.string(), ": it is the input itself; name another file with -o");
    }
    inputs.require_not(path);
    if (existing && !S_ISREG(existing->mode)) {
        // A device or a named pipe is written in place, as zstd does: nothing can appear beside it.
        descriptor_ = open_waiting(path.c_str(), O_WRONLY, S_ISFIFO(existing->mode));
        if (descriptor_ < 0) {
            fail("cannot write ", path.string(), ": ", error_reason(errno), "; check the permissions");
        }
        owns_descriptor_ = true;
        return;
    }
    OutputOptions options{.existing = rules.force ? Existing::replace : Existing::refuse,
                          .sparse = rules.sparse};
    if (input.is_regular() && !input.is_standard()) {
        options.attributes = input.status();
    }
    file_ = std::make_unique<OutputFile>(path, options);
}

Output::~Output() {
    if (owns_descriptor_) {
        ::close(descriptor_);
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
    if (file_) {
        file_->commit();
        file_.reset();
    }
}

void remove_source(const fs::path& path, const Input& input) {
    const std::optional<FileStatus> now = status_of(path);
    if (!now || now->id != input.status().id || input.status().has_new_bytes(*now)) {
        fail("kept ", path.string(), ": it has changed since it was read; do it again");
    }
    if (::unlink(path.c_str()) != 0) {
        fail("cannot remove ", path.string(), ": ", error_reason(errno), "; the result is complete");
    }
}

}  // namespace bitlaw::cli
