#pragma once
/// \file The one dialect of "key = value": options of a training, its record, configs of studies.
///
/// A line is "key = word word ...", blank, or a comment. # begins a comment at the start of a word, ; only at
/// the start of a line. A word runs up to a blank, or stands in quotes: '...' as it is, "..." with \" \\ \/
/// \b \f \n \r \t, \xHH for a byte and \uHHHH for a character. A value that begins with [ is a list: words
/// with commas or blanks between, up to ]. So a name that begins with a quote, # or [, or holds a blank, must
/// be quoted; setting_line does it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bitlaw {

/// One line "key = value".
struct Setting {
    std::string key;
    std::string value;               ///< all of it as one text, such as a title
    std::vector<std::string> words;  ///< the same taken apart, at least one
    std::size_t line = 0;            ///< from 1
};

/// The settings of a text in their order, any line ends, byte order mark or none. Throws UsageError with
/// `name` and the line for what is no setting, and for a NUL.
[[nodiscard]] std::vector<Setting> parse_settings(std::string_view text, const std::string& name);

/// "key=word word\n" with the quotes that are needed: the words come back from parse_settings, any bytes but
/// NUL.
[[nodiscard]] std::string setting_line(std::string_view key, const std::vector<std::string>& words);
[[nodiscard]] std::string setting_line(std::string_view key, const std::string& word);

}  // namespace bitlaw
