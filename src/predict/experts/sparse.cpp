#include "bitlaw/predict/experts/sparse.hpp"

namespace bitlaw::predict {

void add_sparse(const Past& past, std::size_t first_id, bool binary, ContextList& contexts) {
    contexts.add(first_id, past.last & 0xFFFF00);
    contexts.add(first_id + 1, past.last & 0xFF00FF);
    contexts.add(first_id + 2, past.last & 0xFFFFFF00);
    if (binary) {
        contexts.add(first_id + 3, past.last & 0xFFFF0000);
        contexts.add(first_id + 4, past.last & 0xF0F0F0F0);
    }
}

}  // namespace bitlaw::predict
