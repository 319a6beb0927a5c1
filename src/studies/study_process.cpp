#include "bitlaw/studies/study_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include "bitlaw/base/error.hpp"

namespace bitlaw {
namespace {

constexpr std::size_t kMostErrorBytes = 4096;

// One end of a pipe, closed at the latest when it goes out of scope.
class Descriptor {
   public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    void close() {
        if (number_ >= 0) {
            ::close(number_);
            number_ = -1;
        }
    }
    [[nodiscard]] int number() const { return number_; }

   private:
    int number_;
};

struct Pipe {
    Descriptor read_end;
    Descriptor write_end;
    Pipe() : Pipe(make()) {}

   private:
    explicit Pipe(const std::array<int, 2>& ends) : read_end(ends[0]), write_end(ends[1]) {}
    static std::array<int, 2> make() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            fail("cannot make a pipe: ", std::generic_category().message(errno), "; close some programs");
        }
        return ends;
    }
};

// Writes all of it, or as much as the reader wants.
void feed(Descriptor& to, ByteSpan input) {
    // A reader that ends early must not end this process: the signal stays with this thread, and write()
    // returns EPIPE.
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    while (!input.empty()) {
        const ssize_t written = ::write(to.number(), input.data(), input.size());
        if (written < 0 && errno != EINTR) {
            break;
        }
        input = input.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    to.close();
}

// Reads to the end; keeps the first `most` bytes in `kept`.
std::uint64_t drain(const Descriptor& from, std::string& kept, std::size_t most) {
    std::array<char, 65536> buffer{};
    std::uint64_t total = 0;
    while (true) {
        const ssize_t count = ::read(from.number(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return total;
        }
        total += static_cast<std::uint64_t>(count);
        kept.append(buffer.data(), std::min(static_cast<std::size_t>(count), most - kept.size()));
    }
}

int exit_code_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProcessOutput run_process(const std::vector<std::string>& command, ByteSpan input,
                          const std::string& package) {
    BITLAW_ASSERT(!command.empty());
    Pipe in;
    Pipe out;
    Pipe errors;
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.read_end.number(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out.write_end.number(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.write_end.number(), STDERR_FILENO);
    pid_t child = 0;
    const int failure = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        fail("cannot start ", command[0], ": ", std::generic_category().message(failure),
             "; apt-get install ", package);
    }
    in.read_end.close();
    out.write_end.close();
    errors.write_end.close();
    ProcessOutput result;
    std::thread feeder([&] { feed(in.write_end, input); });
    std::thread listener([&] { drain(errors.read_end, result.errors, kMostErrorBytes); });
    std::string nothing;
    result.bytes = drain(out.read_end, nothing, 0);
    feeder.join();
    listener.join();
    result.exit_code = exit_code_of(child);
    return result;
}

ClassicalRate classical_rate(const std::string& name, ByteSpan data) {
    struct Known {
        const char* name;
        std::vector<std::string> command;
        const char* package;
    };
    static const std::vector<Known> known{
        {"gzip", {"gzip", "-9", "-c"}, "gzip"},
        {"bzip2", {"bzip2", "-9", "-c"}, "bzip2"},
        {"xz", {"xz", "-9e", "-T1", "-c"}, "xz-utils"},
        {"zstd", {"zstd", "-q", "-19", "--long=27", "-c"}, "zstd"},
    };
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const Known& k) { return name == k.name; });
    BITLAW_ASSERT(found != known.end() && !data.empty());
    const ProcessOutput output = run_process(found->command, data, found->package);
    if (output.exit_code != 0) {
        fail(name, " ended with exit code ", output.exit_code, ": ",
             output.errors.substr(0, output.errors.find('\n')));
    }
    ClassicalRate rate;
    rate.name = name;
    rate.bytes = output.bytes;
    for (const std::string& word : found->command) {
        const bool is_plumbing = word == "-c" || word == "-q" || word == "-T1";
        rate.command += is_plumbing ? "" : (rate.command.empty() ? "" : " ") + word;
    }
    rate.bits_per_byte = 8.0 * static_cast<double>(output.bytes) / static_cast<double>(data.size());
    return rate;
}

}  // namespace bitlaw
