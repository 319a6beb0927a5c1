#pragma once
/// \file The words for what the system refuses.

#include <filesystem>

namespace bitlaw {

/// Throws Error "cannot ACTION PATH: reason; what to do next" for an errno.
[[noreturn]] void fail_file(const char* action, const std::filesystem::path& path, int error);

}  // namespace bitlaw
