#pragma once
/// \file The sets of experts that context mixing can be asked for.

#include <cstdint>
#include <optional>
#include <string>

namespace bitlaw::predict {

/// Released sets of experts never change. first_fast is what "fast" was once: its archives are restored.
enum class ExpertSet : std::uint8_t { first_fast = 1, full = 2, fast = 3 };

/// "fast", "full" or "first fast".
[[nodiscard]] const char* expert_set_name(ExpertSet set);

/// The set of that name; "none" gives no value. Throws UsageError for a name that there is not.
[[nodiscard]] std::optional<ExpertSet> parse_expert_set(const std::string& name);

}  // namespace bitlaw::predict
