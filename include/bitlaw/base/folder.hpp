#pragma once
/// \file Folders.

#include <filesystem>

namespace bitlaw {

/// Makes the folder and those above it, where they are missing. Throws Error with the path and why.
void make_folder(const std::filesystem::path& folder);

/// Throws Error when the folder that `file` would be written to is not there.
void require_folder_of(const std::filesystem::path& file);

}  // namespace bitlaw
