#pragma once
/// \file Ctrl-C and SIGTERM as a request that long work looks at; the second one ends the process.

#include <atomic>

namespace bitlaw::cli {

/// True after SIGINT, SIGTERM or SIGHUP.
[[nodiscard]] const std::atomic<bool>& stop_requested();

/// Makes the three signals set stop_requested() once and act as usual from then on; signals that the parent
/// had set to be ignored (nohup) stay so. SIGPIPE is ignored, so that a closed pipe is an error like any
/// other. SIGBUS, a mapped file that was cut short, ends the process with a line and exit code 1.
void install_signal_handlers();

/// Throws Stopped when a stop was requested; `what` says what was not done.
void throw_if_stopped(const char* what);

}  // namespace bitlaw::cli
