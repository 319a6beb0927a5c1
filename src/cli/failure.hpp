#pragma once
/// \file Exceptions become one line on standard error and an exit code.

#include <string>

namespace bitlaw::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

/// For use in a catch block: prints "bitlaw: COMMAND: what" for the exception being handled, unless `silent`,
/// and returns its exit code: 2 for UsageError, 1 for every other one.
int report_failure(const std::string& command, bool silent) noexcept;

/// The text without control characters, so that a file's name can neither break a line nor steer a terminal.
[[nodiscard]] std::string printable(std::string text);

}  // namespace bitlaw::cli
