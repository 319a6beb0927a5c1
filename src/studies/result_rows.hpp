#pragma once
/// \file How a study's files of results are read: a header, then a row a line.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bitlaw::studies {

/// The cells of a row; throws Error unless there are `count`.
[[nodiscard]] std::vector<std::string> row_cells(const std::string& line, std::size_t count);

/// Reads a file of `what` of at most `max_bytes`: is_header(line) of the first line, then add(line) of every
/// other one. No file has no rows. Throws Error that names file and line, for a header that is not known and
/// for what add() throws.
void read_result_rows(const std::filesystem::path& path, std::uint64_t max_bytes, const char* what,
                      const std::function<bool(const std::string&)>& is_header,
                      const std::function<void(const std::string&)>& add);

}  // namespace bitlaw::studies
