#pragma once
/// \file From words to what a command is asked for.

#include <string>

#include "arguments.hpp"

namespace bitlaw::cli {

/// The name of the command that `argv` asks for, for messages; empty when it names none.
[[nodiscard]] std::string command_name(int argc, const char* const* argv);

/// Reads the command line. Throws UsageError, in one line, for everything that makes no sense.
[[nodiscard]] Command parse_command_line(int argc, const char* const* argv);

}  // namespace bitlaw::cli
