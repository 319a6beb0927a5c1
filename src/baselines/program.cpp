#include "bitlaw/baselines/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "bitlaw/base/error.hpp"

namespace bitlaw::baselines {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr auto kFirstPoll = std::chrono::milliseconds(1);

// The arguments of one posix_spawn: a process group of its own, so that the whole of it can be ended, signals
// as at the start of a program, and /dev/null for its streams.
class SpawnSettings {
   public:
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawnattr_init(&attributes_);
        sigset_t defaults;
        ::sigemptyset(&defaults);
        ::sigaddset(&defaults, SIGPIPE);
        ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    pid_t start(const std::string& command) const {
        std::string shell = "sh";
        std::string option = "-c";
        std::string text = command;
        const std::array<char*, 4> words{shell.data(), option.data(), text.data(), nullptr};
        pid_t pid = 0;
        if (const int error = ::posix_spawn(&pid, "/bin/sh", &actions_, &attributes_, words.data(), environ);
            error != 0) {
            fail("cannot run '", command, "': ", std::generic_category().message(error));
        }
        return pid;
    }

   private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

// A started program; unless it was waited for to its end, it is ended.
class Child {
   public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            ::kill(-pid_, SIGKILL);
            while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
    }

    // True once it has ended.
    bool ended(ProgramRun& run) {
        int status = 0;
        struct rusage usage {};
        const pid_t waited = ::wait4(pid_, &status, WNOHANG, &usage);
        if (waited == 0 || (waited < 0 && errno == EINTR)) {
            return false;
        }
        pid_ = 0;
        run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        run.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
        return true;
    }

   private:
    pid_t pid_;
};

}  // namespace

ProgramRun run_program(const std::string& command, const std::function<void()>& watch) {
    Child child(SpawnSettings().start(command));
    ProgramRun run;
    auto pause = kFirstPoll;
    while (!child.ended(run)) {
        watch();
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, kPoll);
    }
    return run;
}

std::string shell_word(const std::string& text) {
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word + "'";
}

ScratchFolder::ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bitlaw-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        fail("cannot make a temporary folder like ", pattern, ": ", std::generic_category().message(errno),
             "; set TMPDIR to a folder that can be written");
    }
    path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace bitlaw::baselines
