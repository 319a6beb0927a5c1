#pragma once
/// \file The words of the help texts.

#include <string>
#include <vector>

#include "bitlaw/base/version.hpp"

namespace bitlaw::cli {

struct CommandHelp {
    const char* name;
    const char* line;    ///< for the list of commands
    const char* text;    ///< above the command's options
    bool needs_options;  ///< alone it shows its help, with the values in force
};

[[nodiscard]] bool is_command(const std::string& name);
/// Of a command that exists.
[[nodiscard]] const CommandHelp& help_of(const std::string& name);
/// In the order of the help.
[[nodiscard]] std::vector<std::string> command_names();
[[nodiscard]] std::string general_help();
[[nodiscard]] std::string version_text();
/// "200k, 800k, ...".
[[nodiscard]] std::string preset_list();

}  // namespace bitlaw::cli
