#pragma once
/// \file Text files, whatever wrote them: every text that bitlaw reads comes through here.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bitlaw {

/// The text without UTF-8's byte order mark, and with LF where a line ends with CRLF or CR. Throws Error for
/// UTF-16, which some programs write, with `name` in it.
[[nodiscard]] std::string plain_text(std::string_view bytes, const std::string& name);

/// plain_text of a whole regular file of at most `max_bytes` bytes.
[[nodiscard]] std::string read_text(const std::filesystem::path& path, std::uint64_t max_bytes);

/// The lines of a plain_text without their ends; an end of line at the end of the text begins no other line.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/// The cells of a row of CSV without quotes: what stands between its commas, at least one.
[[nodiscard]] std::vector<std::string> cells_of(std::string_view row);

}  // namespace bitlaw
