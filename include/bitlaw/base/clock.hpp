#pragma once
/// \file The time of day, for people: nothing that is computed may depend on it.

#include <string>

namespace bitlaw {

/// "2026-01-31T23:59:59Z".
[[nodiscard]] std::string utc_now();

}  // namespace bitlaw
