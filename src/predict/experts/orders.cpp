#include "bitlaw/predict/experts/orders.hpp"

namespace bitlaw::predict {

void add_orders(const Past& past, unsigned orders, ContextList& contexts) {
    for (unsigned n = 1; n <= 8; ++n) {
        if ((orders >> (n - 1) & 1) != 0) {
            contexts.add(n == 8 ? past.last : past.last & ((std::uint64_t{1} << (8 * n)) - 1));
        }
    }
}

}  // namespace bitlaw::predict
