#include "board.hpp"

#include <unistd.h>

#include <iostream>

#include "terminal.hpp"

namespace bitlaw::cli {

Board::Board(bool wanted) : active_(wanted && is_terminal(STDERR_FILENO)), due_(0) {}

void Board::set(std::size_t worker, const std::string& line) {
    // Longer lines would wrap, and the cursor could not find its way back.
    constexpr std::size_t kMostColumns = 79;
    lines_[worker] = line;
    if (active_ && due_.due()) {
        erase();
        std::string text;
        for (const auto& [number, shown] : lines_) {
            text += shown.substr(0, kMostColumns) + "\n";
        }
        drawn_ = lines_.size();
        std::cerr << text << std::flush;
    }
}

void Board::remove(std::size_t worker) {
    erase();
    lines_.erase(worker);
}

void Board::erase() {
    for (; drawn_ > 0; --drawn_) {
        std::cerr << "\033[A\033[2K";
    }
    std::cerr << std::flush;
}

}  // namespace bitlaw::cli
