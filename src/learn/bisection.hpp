#pragma once
/// \file The range in which a quantiser's steps are searched. Class A.

#include "bitlaw/base/math.hpp"
#include "bitlaw/model/model.hpp"

namespace bitlaw::learn {

/// Exponents of QuantiserOptions::step from "nothing is lost" to "nothing is left".
inline constexpr double kFinest = -24.0;
inline constexpr double kCoarsest = 2.0;
inline constexpr int kRounds = 14;

/// Bits of a weight, all of them rounded and stored.
[[nodiscard]] double stored_bits(const model::Model& model);

}  // namespace bitlaw::learn
