#pragma once
/// \file How options are declared: readers that take sizes with K, M, G, and what every command has.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

#include "options.hpp"

namespace bitlaw::cli {

/// Every command is an application of its own: as subcommands of one, files named "list" or "++" would be
/// taken for commands.
using App = CLI::App;

/// The option's text, unchanged, is given to `read`, which throws UsageError when it makes no sense.
CLI::Option* text_option(App& app, const std::string& names,
                         const std::function<void(const std::string&)>& read,
                         const std::string& shown_default, const std::string& help);

/// Throws UsageError naming the option when the number lies outside least .. most.
[[nodiscard]] std::uint64_t read_number(const std::string& text, const std::string& names,
                                        std::uint64_t least, std::uint64_t most);

inline constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

template <class Number>
CLI::Option* number_option(App& app, const std::string& names, Number& value, const std::string& help,
                           const std::string& shown_default = {}, std::uint64_t least = 0,
                           std::uint64_t most = kAnyNumber) {
    using Plain = std::conditional_t<std::is_same_v<Number, std::optional<std::uint32_t>>, std::uint32_t,
                                     std::uint64_t>;
    const std::uint64_t greatest = std::min<std::uint64_t>(most, std::numeric_limits<Plain>::max());
    const auto read = [&value, names, least, greatest](const std::string& text) {
        value = static_cast<Plain>(read_number(text, names, least, greatest));
    };
    return text_option(app, names, read, shown_default, help)->type_name("N");
}

CLI::Option* real_option(App& app, const std::string& names, double& value, const std::string& help,
                         const std::string& shown_default, double least, double most);

/// Any number of words.
CLI::Option* files_option(App& app, const std::string& names, std::vector<std::string>& files,
                          const std::string& help);

CLI::Option* name_option(App& app, const std::string& names, std::string& value, const char* type,
                         const std::string& help);

/// -T, -q, -v and, where wanted, --json.
void add_common(App& app, CommonOptions& common, bool with_json);

/// Runs CLI11 and turns its errors into ours, in one line. Returns the help text when it was asked for.
[[nodiscard]] std::optional<HelpText> parse_words(App& app, int argc, const char* const* argv);

}  // namespace bitlaw::cli
