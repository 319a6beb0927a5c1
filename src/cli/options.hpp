#pragma once
/// \file From words to what a command is asked for.

#include <functional>
#include <string>

#include "arguments.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

/// The name of the command that `argv` asks for, for messages; empty when it names none.
[[nodiscard]] std::string command_name(int argc, const char* const* argv);

/// Reads the command line. Throws UsageError, in one line, for everything that makes no sense.
[[nodiscard]] Command parse_command_line(int argc, const char* const* argv);

/// Calls visit(app) with a command's options, none of them given.
void with_app(const std::string& command, const std::function<void(App&)>& visit);

}  // namespace bitlaw::cli
