#include "bitlaw/predict/experts/orders.hpp"

namespace bitlaw::predict {

void add_orders(const Past& past, std::size_t first_id, unsigned orders, unsigned own,
                ContextList& contexts) {
    for (unsigned n = 1; n <= 8; ++n) {
        if ((orders >> (n - 1) & 1) != 0) {
            const std::uint64_t seen = past.last & (~std::uint64_t{0} >> (64 - 8 * n));
            if (n <= own) {
                contexts.add_own(first_id++, seen);
            } else {
                contexts.add(first_id++, seen);
            }
        }
    }
}

}  // namespace bitlaw::predict
