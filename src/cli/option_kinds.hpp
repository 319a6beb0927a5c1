#pragma once
/// \file Kinds of options, and the options of single commands. CLI11 itself stays in .cpp files.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "options.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bitlaw::cli {

/// Every command is an application of its own: as subcommands of one, files named "list" or "++" would be
/// taken for commands.
using App = CLI::App;

/// CLI11 takes "[a,b]" for a list of "a" and "b", also where it is a file's name. A word that ends in ] gets
/// a mark behind it, which every reader takes away again; so does one that ends in the mark itself, and every
/// word behind "--".
[[nodiscard]] std::string guarded(std::string word);
[[nodiscard]] std::string unguarded(std::string word);

/// Calls read(text). Numbers are read from text here, because CLI11 takes 010 for 8 and knows no K, M, G.
CLI::Option* text_option(App& app, const std::string& names,
                         const std::function<void(const std::string&)>& read,
                         const std::string& shown_default, const std::string& help);

inline constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

/// Whole numbers least .. most.
CLI::Option* number_option(App& app, const std::string& names, std::uint64_t& value, const std::string& help,
                           const std::string& shown_default = {}, std::uint64_t least = 0,
                           std::uint64_t most = kAnyNumber);
CLI::Option* number_option(App& app, const std::string& names, std::optional<std::uint64_t>& value,
                           const std::string& help, const std::string& shown_default = {},
                           std::uint64_t least = 0, std::uint64_t most = kAnyNumber);
CLI::Option* number_option(App& app, const std::string& names, std::optional<std::uint32_t>& value,
                           const std::string& help, const std::string& shown_default = {},
                           std::uint64_t least = 0, std::uint64_t most = kAnyNumber);

/// Numbers least .. most.
CLI::Option* real_option(App& app, const std::string& names, double& value, const std::string& help,
                         const std::string& shown_default, double least, double most);

CLI::Option* files_option(App& app, const std::string& names, std::vector<std::string>& files,
                          const std::string& help);
CLI::Option* name_option(App& app, const std::string& names, std::string& value, const char* type,
                         const std::string& help);

/// Options from a file of settings, which count after those of the command line.
void config_option(App& app, const std::string& name, const std::string& help);

/// What every command has: -T, -q, -v and perhaps --json.
void add_common(App& app, CommonOptions& common, bool with_json);

/// Runs CLI11 and turns its errors into ours, in one line. Returns the help text when it was asked for.
[[nodiscard]] std::optional<HelpText> parse_words(App& app, int argc, const char* const* argv);

/// compress, decompress, test, list.
void add_archive(App& app, ArchiveArguments& arguments);
void add_export(App& app, ExportArguments& arguments);
void add_data(App& app, DataArguments& arguments);
void add_table(App& app, TableArguments& arguments);
void add_study(App& app, StudyArguments& arguments);

}  // namespace bitlaw::cli
