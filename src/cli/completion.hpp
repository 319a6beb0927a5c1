#pragma once
/// \file Completion scripts for shells, made of the option table.

#include <string>
#include <vector>

namespace bitlaw::cli {

/// An option or a positional of a command, as a shell needs it.
struct CompletedOption {
    std::vector<std::string> names;    ///< "-m", "--model"; none: a positional
    std::string help;                  ///< one line
    std::string type;                  ///< of its value: "FILE", "MODEL", "N"; empty: a flag
    std::vector<std::string> choices;  ///< all that its value can be; empty: not known
    bool repeats = false;              ///< takes several values
};

/// The options of a command that its help shows, in that order.
[[nodiscard]] std::vector<CompletedOption> options_of(const std::string& command);

/// The script for "bash", "zsh" or "fish"; throws UsageError for another shell.
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace bitlaw::cli
