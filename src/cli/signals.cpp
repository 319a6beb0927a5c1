#include "signals.hpp"

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "bitlaw/base/error.hpp"

namespace bitlaw::cli {
namespace {

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

std::atomic<bool>& stop_flag() {
    static std::atomic<bool> flag{false};
    return flag;
}

std::atomic<int>& stop_signal() {
    static std::atomic<int> signal{0};
    return signal;
}

extern "C" void request_stop(int signal) {
    stop_signal().store(signal, std::memory_order_relaxed);
    stop_flag().store(true, std::memory_order_relaxed);
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
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) {
            continue;
        }
        struct sigaction action {};
        action.sa_handler = request_stop;
        // RESETHAND: the second signal kills. RESTART: base's and the standard library's calls need not
        // expect EINTR.
        action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
        ::sigaction(signal, &action, nullptr);
    }
}

void throw_if_stopped(const char* what) {
    if (stop_requested().load(std::memory_order_relaxed)) {
        throw Stopped(text_of("stopped by a signal; ", what));
    }
}

}  // namespace bitlaw::cli
