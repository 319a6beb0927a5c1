#pragma once
/// \file Ctrl-C and SIGTERM as a request that long work looks at; a second request ends the process.

#include <atomic>

namespace bitlaw::cli {

/// True after SIGINT, SIGTERM or SIGHUP.
[[nodiscard]] const std::atomic<bool>& stop_requested();

/// Makes the three signals set stop_requested(); SIGINT a second or more after the first, SIGTERM and SIGHUP
/// ten seconds or more after it act as usual, and what comes earlier belongs to the same request. Signals
/// that the parent had set to be ignored (nohup) stay so. SIGPIPE and SIGXFSZ are ignored, so that a closed
/// pipe and a file that becomes larger than allowed are errors like any other. SIGBUS, a mapped file that was
/// cut short, ends the process with a line and exit code 1.
void install_signal_handlers();

/// While it lives, the signals end the process at once: for work that writes nothing and looks at no request.
class EndsAtOnce {
   public:
    EndsAtOnce();
    EndsAtOnce(const EndsAtOnce&) = delete;
    EndsAtOnce& operator=(const EndsAtOnce&) = delete;
    ~EndsAtOnce();
};

/// After a stop request, ends the process by its signal, so that a shell sees what happened and ends its loop
/// too; otherwise returns. To be called when everything is cleaned up and told.
void end_as_signalled();

/// Throws Stopped when a stop was requested; `what` says what was not done.
void throw_if_stopped(const char* what);

}  // namespace bitlaw::cli
