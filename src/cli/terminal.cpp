#include "terminal.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "bitlaw/base/error.hpp"

namespace bitlaw::cli {
namespace {

std::size_t terminal_width() {
    struct winsize size {};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool is_dumb_terminal() {
    const char* const name = std::getenv("TERM");
    return name != nullptr && std::string_view(name) == "dumb";
}

bool is_pipe(int descriptor) {
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

ProgressLine::ProgressLine(bool wanted)
    : active_(wanted && is_terminal(STDERR_FILENO) && !is_dumb_terminal()) {}

void ProgressLine::show(std::string text) {
    if (!active_) {
        return;
    }
    text.resize(std::min(text.size(), terminal_width() - 1));
    std::cerr << "\r" + text + "\033[K" << std::flush;
    shown_ = true;
}

void ProgressLine::clear() {
    if (shown_) {
        std::cerr << "\r\033[K" << std::flush;
        shown_ = false;
    }
}

void note(const std::string& text) { std::cerr << text + "\n" << std::flush; }

void print(const std::string& text) {
    std::cout << text;
    if (!std::cout) {
        fail("cannot write to standard output; check the disk or the program that reads it");
    }
}

void finish_printing() {
    std::cout.flush();
    if (!std::cout) {
        fail("cannot write to standard output; check the disk or the program that reads it");
    }
}

}  // namespace bitlaw::cli
