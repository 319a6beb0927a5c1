#include "bitlaw/predict/experts/records.hpp"

namespace bitlaw::predict {

void add_records(const Past& past, std::size_t first_id, std::uint32_t width, ContextList& contexts) {
    const std::uint64_t left = past.last & 0xFF;
    const std::uint64_t left2 = past.last & 0xFFFF;
    const std::uint64_t above = past.back(width);
    const std::uint64_t above2 = past.back(2 * width);
    const std::uint64_t before_above = past.back(width + 1);
    const std::uint64_t after_above = width > 1 ? past.back(width - 1) : std::uint8_t{0};
    const std::uint64_t column = past.length() % width;
    contexts.add(first_id, joined(above, column));
    contexts.add(first_id + 1, above << 8 | left);
    contexts.add(first_id + 2, above << 8 | above2);
    contexts.add(first_id + 3, joined(left, column));
    contexts.add(first_id + 4, above << 16 | left2);
    contexts.add(first_id + 5, above << 16 | before_above << 8 | left);
    contexts.add(first_id + 6, above << 24 | before_above << 16 | after_above << 8 | above2);
    contexts.add(first_id + 7, joined(column, left - before_above, above));
}

}  // namespace bitlaw::predict
