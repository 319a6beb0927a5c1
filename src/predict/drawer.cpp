#include "bitlaw/predict/drawer.hpp"

#include <algorithm>
#include <numeric>

namespace bitlaw::predict {

using namespace symbols;

namespace {

constexpr unsigned kShareBits = 20;
constexpr std::uint64_t kWhole = std::uint64_t{1} << kShareBits;

}  // namespace

Drawer::Drawer(std::uint64_t seed, bool greedy, const Likeliest& likeliest)
    : random_(seed),
      greedy_(greedy),
      most_(likeliest.most == 0 ? ~std::uint64_t{0} : likeliest.most),
      share_(static_cast<std::uint64_t>(likeliest.share * static_cast<double>(kWhole))) {}

// The table with 0 for all that may not be drawn; of equal ones the first are kept.
std::span<const std::uint32_t> Drawer::kept_of(std::span<const std::uint32_t> frequency) {
    if (most_ >= frequency.size() && share_ >= kWhole) {
        return frequency;
    }
    order_.resize(frequency.size());
    std::iota(order_.begin(), order_.end(), Symbol{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](Symbol a, Symbol b) { return frequency[a] > frequency[b]; });
    const std::uint64_t total = std::accumulate(frequency.begin(), frequency.end(), std::uint64_t{0});
    const std::uint64_t wanted = total * share_ >> kShareBits;  // total is at most 2^41
    kept_.assign(frequency.size(), 0);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < order_.size() && i < most_ && (i == 0 || sum < wanted); ++i) {
        sum += kept_[order_[i]] = frequency[order_[i]];
    }
    return kept_;
}

Symbol Drawer::symbol(std::span<const std::uint32_t> frequency, Symbol) {
    if (greedy_) {
        return static_cast<Symbol>(std::max_element(frequency.begin(), frequency.end()) - frequency.begin());
    }
    const std::span<const std::uint32_t> kept = kept_of(frequency);
    std::uint64_t place = random_.below(std::accumulate(kept.begin(), kept.end(), std::uint64_t{0}));
    std::size_t symbol = 0;
    while (place >= kept[symbol]) {
        place -= kept[symbol++];
    }
    return static_cast<Symbol>(symbol);
}

bool Drawer::bit(std::uint32_t ones, unsigned bits, bool) {
    const std::uint64_t all = std::uint64_t{1} << bits;
    return greedy_ ? ones >= all / 2 : random_.below(all) < ones;
}

}  // namespace bitlaw::predict
