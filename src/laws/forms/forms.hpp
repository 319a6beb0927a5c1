#pragma once
/// \file The forms of src/laws/forms/, a function each.

#include <vector>

#include "bitlaw/laws/law_form.hpp"

namespace bitlaw::laws::forms {

// Ranges that the parts of a form have in common: logarithms of E and of the terms at the centre (in bits or
// nats), and of powers (0.01 to 3).
inline constexpr double kLeastScale = -9.0;
inline constexpr double kGreatestScale = 9.0;
inline constexpr double kLeastPower = -4.605170185988091;     // log 0.01
inline constexpr double kGreatestPower = 1.0986122886681098;  // log 3

// The additive form's five search values, which others begin with too: log E, log A / N0^a, log a, log B /
// D0^b, log b. Their ranges, where the search begins, and the natural values E, A, a, B, b.
[[nodiscard]] std::vector<FormParameter> additive_parameters();
[[nodiscard]] std::vector<double> additive_start(const FormStart& start);
void additive_natural(const double* s, const FormCentre& centre, double* values);

[[nodiscard]] LawForm additive();
[[nodiscard]] LawForm sized_data();
[[nodiscard]] LawForm norm();
[[nodiscard]] LawForm practical();

}  // namespace bitlaw::laws::forms
