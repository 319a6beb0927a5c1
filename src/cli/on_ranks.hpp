#pragma once
/// \file A command that several ranks run together.

#include <string>

#include "rank_link.hpp"

namespace bitlaw::cli {

/// For on_ranks(), in a catch block: says what is to be said, leaves the ranks and returns the exit code;
/// rethrows where there is one process only.
int report_rank_failure(const std::string& command, bool silent, const train::Ranks& ranks);

/// work(ranks) on the ranks that were started together; returns the exit code. The first one alone says why
/// all end; a rank that fails by itself says so with its name, and ends the others.
template <class Work>
int on_ranks(const std::string& command, bool silent, const Work& work) {
    train::Ranks ranks(join_ranks());
    int code = 0;
    try {
        code = work(ranks);
    } catch (...) {
        code = report_rank_failure(command, silent, ranks);
    }
    leave_ranks();
    return code;
}

}  // namespace bitlaw::cli
