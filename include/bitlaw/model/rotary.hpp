#pragma once
/// \file Rotary position angles, exact for every position up to 2^40 and beyond (Su et al. 2021). Exactness
/// class A.

#include <cstdint>
#include <vector>

#include "bitlaw/model/spec.hpp"

namespace bitlaw::model {

/// Angles position * base^(-2i/D) for the pairs i < D/2, as fixed-point fractions of a turn: the 64-bit
/// product position * frequency wraps around without loss, so that the angle's error does not grow with the
/// position's size but for the frequency's rounding.
class RotaryAngles {
   public:
    explicit RotaryAngles(const RotarySpec& spec);
    /// Fills cosine, sine [pairs()] for one position.
    void fill(std::uint64_t position, float* cosine, float* sine) const;
    /// D / 2, D rounded up to a multiple of 16: pairs behind the width do not turn.
    [[nodiscard]] std::size_t pairs() const { return frequencies_.size(); }

   private:
    std::vector<std::uint64_t> frequencies_;  ///< [pairs], turns per position times 2^64
};

}  // namespace bitlaw::model
