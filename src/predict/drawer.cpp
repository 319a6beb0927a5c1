#include "bitlaw/predict/drawer.hpp"

#include <algorithm>
#include <numeric>

namespace bitlaw::predict {

using namespace symbols;

Symbol Drawer::symbol(std::span<const std::uint32_t> frequency, Symbol) {
    if (greedy_) {
        return static_cast<Symbol>(std::max_element(frequency.begin(), frequency.end()) - frequency.begin());
    }
    std::uint64_t place =
        random_.below(std::accumulate(frequency.begin(), frequency.end(), std::uint64_t{0}));
    std::size_t symbol = 0;
    while (place >= frequency[symbol]) {
        place -= frequency[symbol++];
    }
    return static_cast<Symbol>(symbol);
}

bool Drawer::bit(std::uint32_t ones, unsigned bits, bool) {
    const std::uint64_t all = std::uint64_t{1} << bits;
    return greedy_ ? ones >= all / 2 : random_.below(all) < ones;
}

}  // namespace bitlaw::predict
