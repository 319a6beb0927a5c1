#pragma once
/// \file Errors: exceptions that say what went wrong, where, and what to do next.

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>

namespace bitlaw {

/// Something failed (exit code 1). The text names what, where and what to do next, in one line.
class Error : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

/// The caller asked for something that makes no sense (exit code 2).
class UsageError : public Error {
   public:
    using Error::Error;
};

/// The work was stopped by a signal, of which the process dies after its state was saved.
class Stopped : public Error {
   public:
    using Error::Error;
};

/// Joins the parts to one line of text; numbers are written as by `operator<<`.
template <class... Parts>
[[nodiscard]] std::string text_of(const Parts&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    return text.str();
}

/// Throws Error with the joined parts.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
    throw Error(text_of(parts...));
}

/// Throws UsageError with the joined parts.
template <class... Parts>
[[noreturn]] void fail_usage(const Parts&... parts) {
    throw UsageError(text_of(parts...));
}

}  // namespace bitlaw

/// Checks a condition that only a bug in bitlaw can break; always on, throws Error.
#define BITLAW_ASSERT(condition)                                                                          \
    do {                                                                                                  \
        if (!(condition)) {                                                                               \
            ::bitlaw::fail("internal error: ", #condition, " does not hold at ", __FILE__, ":", __LINE__, \
                           "; please report it");                                                         \
        }                                                                                                 \
    } while (false)
