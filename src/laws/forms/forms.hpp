#pragma once
/// \file The forms of src/laws/forms/, a function each.

#include "bitlaw/laws/law_form.hpp"

namespace bitlaw::laws::forms {

// Ranges that the parts of a form have in common: logarithms of E and of the terms at the centre (in bits or
// nats), and of powers (0.01 to 3).
inline constexpr double kLeastScale = -9.0;
inline constexpr double kGreatestScale = 9.0;
inline constexpr double kLeastPower = -4.605170185988091;     // log 0.01
inline constexpr double kGreatestPower = 1.0986122886681098;  // log 3

[[nodiscard]] LawForm additive();
[[nodiscard]] LawForm sized_data();
[[nodiscard]] LawForm norm();
[[nodiscard]] LawForm practical();

}  // namespace bitlaw::laws::forms
