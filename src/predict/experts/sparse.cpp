#include "bitlaw/predict/experts/sparse.hpp"

#include <array>

namespace bitlaw::predict {

void add_sparse(const Past& past, std::size_t first_id, bool binary, ContextList& contexts) {
    constexpr std::array<std::uint64_t, 3> kMasks{0xFFFF00, 0xFF00FF, 0xFFFFFF00};
    for (std::size_t i = 0; i < kMasks.size(); ++i) {
        if (binary) {
            contexts.add(first_id + i, past.last & kMasks[i]);
        } else {
            contexts.add_own(first_id + i, past.last & kMasks[i]);
        }
    }
    if (binary) {
        contexts.add(first_id + 3, past.last & 0xFFFF0000);
        contexts.add(first_id + 4, past.last & 0xF0F0F0F0);
    }
}

}  // namespace bitlaw::predict
