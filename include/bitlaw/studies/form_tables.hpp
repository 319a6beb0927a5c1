#pragma once
/// \file Several forms of law, side by side, as tables.

#include <span>
#include <vector>

#include "bitlaw/format/table.hpp"
#include "bitlaw/laws/form_comparison.hpp"

namespace bitlaw::studies {

/// "forms": a row each, the one that predicts best first; "law": the parameters of all, with intervals;
/// "extrapolation": how well each predicts what it was not fitted to.
[[nodiscard]] std::vector<format::Table> form_tables(std::span<const laws::FormResult> forms);

}  // namespace bitlaw::studies
