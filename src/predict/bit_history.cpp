#include "bitlaw/predict/bit_history.hpp"

#include <algorithm>
#include <vector>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {
namespace {

// Sequences up to this length are kept whole.
constexpr int kWhole = 4;

// The larger count may grow to kMaxOf[smaller count]; the smaller one to the last index.
constexpr std::array<int, 6> kMaxOf{48, 44, 18, 10, 7, 6};

// What is left of the count of bits that were contradicted.
constexpr int left_of(int count) {
    return count <= 2 ? count : count <= 3 ? 2 : count <= 5 ? 3 : count <= 9 ? 4 : 5;
}

struct History {
    int zeros;
    int ones;
    int tail;  // up to kWhole bits: all of them with a one in front; then the last one
    bool operator==(const History&) const = default;
};

History after(const History& now, int bit) {
    const int length = now.zeros + now.ones;
    History next = now;
    (bit != 0 ? next.ones : next.zeros) += 1;
    if (length < kWhole) {
        next.tail = now.tail * 2 + bit;
        return next;
    }
    next.tail = bit;
    int& other = bit != 0 ? next.zeros : next.ones;
    int& same = bit != 0 ? next.ones : next.zeros;
    other = left_of(other);
    const auto max_of = [](int smaller) { return kMaxOf[static_cast<std::size_t>(smaller)]; };
    if (same <= other) {
        // The bit belongs to the smaller count.
        same = std::min(same, static_cast<int>(kMaxOf.size()) - 1);
        other = std::min(other, max_of(same));
    } else {
        other = std::min(other, static_cast<int>(kMaxOf.size()) - 1);
        same = std::min(same, max_of(other));
    }
    return next;
}

}  // namespace

BitHistories::BitHistories() : next{}, zeros{}, ones{}, seen{}, count(0), single_end(0) {
    std::vector<History> states{{0, 0, 1}};
    for (std::size_t i = 0; i < states.size(); ++i) {
        for (const int bit : {0, 1}) {
            const History history = after(states[i], bit);
            if (std::find(states.begin(), states.end(), history) == states.end()) {
                states.push_back(history);
            }
        }
    }
    BITLAW_ASSERT(states.size() <= 256);
    count = states.size();
    const auto is_single = [](const History& h) { return h.zeros == 0 || h.ones == 0; };
    std::stable_partition(states.begin(), states.end(), is_single);
    single_end = static_cast<std::uint32_t>(std::count_if(states.begin(), states.end(), is_single));
    for (std::size_t i = 0; i < count; ++i) {
        for (const int bit : {0, 1}) {
            const auto place = std::find(states.begin(), states.end(), after(states[i], bit));
            next[static_cast<std::size_t>(bit)][i] = static_cast<std::uint8_t>(place - states.begin());
        }
        zeros[i] = static_cast<std::uint8_t>(states[i].zeros);
        ones[i] = static_cast<std::uint8_t>(states[i].ones);
        seen[i] = static_cast<std::uint8_t>(states[i].zeros + states[i].ones);
    }
}

const BitHistories& bit_histories() {
    static const BitHistories histories;
    return histories;
}

}  // namespace bitlaw::predict
