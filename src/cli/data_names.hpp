#pragma once
/// \file Names that stand for many data files.

#include <string>
#include <vector>

namespace bitlaw::cli {

/// The files that the names stand for, in an order that is the same on every machine: a folder, all regular
/// files in it and below, sorted; a pattern (* ? [...]) of no file's own name, those that match, sorted;
/// @LIST, the lines of a text file, relative to its folder, each of which may be a range, a folder or a
/// pattern too. What is none of these stays as it is. Throws UsageError for a pattern that nothing matches,
/// an empty folder and a list in a list.
[[nodiscard]] std::vector<std::string> expanded_data(const std::vector<std::string>& names);

}  // namespace bitlaw::cli
