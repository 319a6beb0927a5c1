#pragma once
/// \file What several workers are at, at the foot of the terminal.

#include <cstddef>
#include <map>
#include <string>

#include "bitlaw/base/progress.hpp"

namespace bitlaw::cli {

/// One line for each worker, rewritten in place; what is noted after remove() scrolls away above. Silent
/// where it is not wanted or standard error is no terminal.
class Board {
   public:
    explicit Board(bool wanted);
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    ~Board() { erase(); }

    /// Shown when the terminal is due.
    void set(std::size_t worker, const std::string& line);
    /// The worker has no line; none stands on the terminal until the next set().
    void remove(std::size_t worker);

   private:
    void erase();

    bool active_;
    Progress due_;
    std::map<std::size_t, std::string> lines_;
    std::size_t drawn_ = 0;
};

}  // namespace bitlaw::cli
