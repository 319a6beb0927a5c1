#pragma once
/// \file Draws symbols instead of coding them. Exactness class A.

#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/coder.hpp"

namespace bitlaw::predict {

/// Which symbols may be drawn: the likeliest, at most `most` of them (0: all), as long as those before them
/// have less than `share` of the whole together (Holtzman et al. 2020).
struct Likeliest {
    std::uint64_t most = 0;
    double share = 1.0;
};

/// Draws the next symbol from the integer frequencies that a coder would use, so that a seed gives the same
/// text everywhere. Greedy: the likeliest symbol, or bit, is taken.
class Drawer final : public Coder {
   public:
    Drawer(std::uint64_t seed, bool greedy, const Likeliest& likeliest = {});
    symbols::Symbol symbol(std::span<const std::uint32_t> frequency, symbols::Symbol known) override;
    bool bit(std::uint32_t ones, unsigned bits, bool known) override;

   private:
    [[nodiscard]] std::span<const std::uint32_t> kept_of(std::span<const std::uint32_t> frequency);
    Random random_;
    bool greedy_;
    std::uint64_t most_;
    std::uint64_t share_;                 // of 2^20
    std::vector<symbols::Symbol> order_;  // [V] the likeliest first
    std::vector<std::uint32_t> kept_;     // [V] 0 for those that may not be drawn
};

}  // namespace bitlaw::predict
