#pragma once
/// \file What a terminal gets: a progress line that rewrites itself, messages beside it.

#include <string>

namespace bitlaw::cli {

/// Whether the file descriptor is a terminal.
[[nodiscard]] bool is_terminal(int descriptor);
/// Whether TERM names a terminal that cannot go back in its line, such as an editor's.
[[nodiscard]] bool is_dumb_terminal();
/// A pipe or a socket.
[[nodiscard]] bool is_pipe(int descriptor);

/// One line on standard error that is written again and again; nothing at all when standard error is no
/// terminal.
class ProgressLine {
   public:
    explicit ProgressLine(bool wanted);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { clear(); }

    [[nodiscard]] bool active() const { return active_; }
    /// Replaces the line, cut to the terminal's width.
    void show(std::string text);
    void clear();

   private:
    bool active_;
    bool shown_ = false;
};

/// Writes one line to standard error.
void note(const std::string& text);

/// Writes text to standard output; throws Error when that fails, a full disk included.
void print(const std::string& text);
/// Makes sure that everything printed has arrived; throws Error when it has not.
void finish_printing();

}  // namespace bitlaw::cli
