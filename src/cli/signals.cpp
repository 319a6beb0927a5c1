#include "signals.hpp"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "bitlaw/base/error.hpp"

namespace bitlaw::cli {
namespace {

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

std::atomic<bool>& stop_flag() {
    static std::atomic<bool> flag{false};
    return flag;
}

std::atomic<int>& stop_signal() {
    static std::atomic<int> signal{0};
    return signal;
}

// One request often comes twice: timeout signals its child and then the group, a closed terminal reaches a
// process by the kernel and by its shell. What follows within this time is the same request. A person who
// types Ctrl-C again means it; schedulers signal a job, its steps and its processes, on a busy node seconds
// apart, and have SIGKILL for what does not end.
constexpr std::int64_t same_request_milliseconds(int signal) { return signal == SIGINT ? 1000 : 10'000; }

std::atomic<std::int64_t>& stop_milliseconds() {
    static std::atomic<std::int64_t> milliseconds{0};
    return milliseconds;
}

extern "C" void request_stop(int signal) {
    const int error = errno;
    struct timespec now {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t milliseconds = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
    int first = 0;
    if (stop_signal().compare_exchange_strong(first, signal)) {
        stop_milliseconds().store(milliseconds);
        stop_flag().store(true);
    } else if (const std::int64_t begun = stop_milliseconds().load();
               begun != 0 && milliseconds - begun >= same_request_milliseconds(signal)) {
        // Another request: to end now. The signal comes when this handler returns.
        ::signal(signal, SIG_DFL);
        ::raise(signal);
    }
    errno = error;
}

// A page of a mapped file is gone. The thread cannot go on from there, and few calls are safe here.
extern "C" void end_with_a_line(int) {
    constexpr std::string_view kLine =
        "bitlaw: a file that was being read has become shorter or its disk has failed; nothing was changed "
        "after "
        "that: leave the file as it is and do it again (a training with --resume)\n";
    (void)!::write(STDERR_FILENO, kLine.data(), kLine.size());
    ::_exit(1);
}

// Signals that the parent had set to be ignored stay so.
void handle_stops(void (*handler)(int)) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) {
            continue;
        }
        struct sigaction action {};
        action.sa_handler = handler;
        // Base's and the standard library's calls need not expect EINTR.
        action.sa_flags = SA_RESTART;
        ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace

void end_as_signalled() {
    if (const int signal = stop_signal().load(std::memory_order_relaxed); signal != 0) {
        ::signal(signal, SIG_DFL);
        ::raise(signal);
    }
}

const std::atomic<bool>& stop_requested() { return stop_flag(); }

void install_signal_handlers() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
    ::sigaction(SIGXFSZ, &ignore, nullptr);
    struct sigaction vanished {};
    vanished.sa_handler = end_with_a_line;
    ::sigaction(SIGBUS, &vanished, nullptr);
    // The first calls make the flags, which a handler must not.
    (void)stop_flag();
    (void)stop_signal();
    (void)stop_milliseconds();
    handle_stops(request_stop);
}

EndsAtOnce::EndsAtOnce() { handle_stops(SIG_DFL); }

EndsAtOnce::~EndsAtOnce() { handle_stops(request_stop); }

void throw_if_stopped(const char* what) {
    if (stop_requested().load(std::memory_order_relaxed)) {
        throw Stopped(text_of("stopped by a signal; ", what));
    }
}

}  // namespace bitlaw::cli
