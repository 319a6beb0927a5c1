#pragma once
/// \file Symbols that follow no rule, the same for the same seed.

#include <cstdint>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/symbols/symbol.hpp"

namespace bitlaw::test {

/// `count` symbols below `alphabet`.
[[nodiscard]] inline std::vector<symbols::Symbol> random_symbols(std::size_t count, std::size_t alphabet,
                                                                 std::uint64_t seed = 3) {
    Random random(seed);
    std::vector<symbols::Symbol> symbols(count);
    for (symbols::Symbol& symbol : symbols) {
        symbol = static_cast<symbols::Symbol>(random.below(alphabet));
    }
    return symbols;
}

}  // namespace bitlaw::test
