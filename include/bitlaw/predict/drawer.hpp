#pragma once
/// \file Draws symbols instead of coding them. Exactness class A.

#include <cstdint>
#include <span>

#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/coder.hpp"

namespace bitlaw::predict {

/// Draws the next symbol from the integer frequencies that a coder would use, so that a seed gives the same
/// text everywhere. Greedy: the likeliest symbol, or bit, is taken.
class Drawer final : public Coder {
   public:
    Drawer(std::uint64_t seed, bool greedy) : random_(seed), greedy_(greedy) {}
    symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) override;
    bool bit(std::uint32_t ones, unsigned bits, bool known) override;

   private:
    Random random_;
    bool greedy_;
};

}  // namespace bitlaw::predict
