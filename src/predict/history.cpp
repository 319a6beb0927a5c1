#include "bitlaw/predict/history.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bitlaw::predict {

History::History(std::size_t bytes)
    : bytes_(std::bit_ceil(std::max<std::size_t>(bytes, 64))),
      mask_(static_cast<std::uint32_t>(bytes_.size() - 1)) {}

std::uint32_t History::agreeing(std::uint32_t a, std::uint32_t b, std::uint32_t limit) const {
    std::uint32_t length = 0;
    // Eight at a time where none of them lies beyond the ring's beginning.
    for (; length + 8 <= limit; length += 8) {
        const std::uint32_t end_a = (a - length - 1) & mask_;
        const std::uint32_t end_b = (b - length - 1) & mask_;
        if (end_a < 7 || end_b < 7) {
            break;
        }
        std::uint64_t eight_a;
        std::uint64_t eight_b;
        std::memcpy(&eight_a, bytes_.data() + end_a - 7, sizeof eight_a);
        std::memcpy(&eight_b, bytes_.data() + end_b - 7, sizeof eight_b);
        if (eight_a != eight_b) {
            return length + static_cast<std::uint32_t>(std::countl_zero(eight_a ^ eight_b)) / 8;
        }
    }
    while (length < limit && at(a - 1 - length) == at(b - 1 - length)) {
        ++length;
    }
    return length;
}

}  // namespace bitlaw::predict
