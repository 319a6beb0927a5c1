#include "bitlaw/predict/byte_lines.hpp"

#include <algorithm>
#include <cstring>

namespace bitlaw::predict {

ByteLines::ByteLines(std::size_t bytes)
    : lines_(std::max<std::size_t>(bytes / kLineBytes & ~std::size_t{1}, 2)),
      storage_(lines_ * kLineBytes),
      memory_(reinterpret_cast<ByteLine*>(storage_.data())),
      histories_(bit_histories()) {}

ByteLine* ByteLines::replaced(ByteLine* line, ByteLine* other, std::uint16_t check) const {
    if (histories_.seen[other->histories[0]] < histories_.seen[line->histories[0]]) {
        line = other;
    }
    std::memset(line, 0, sizeof *line);
    line->check = check;
    return line;
}

std::uint8_t* ByteLines::replaced(ByteLine* line, std::uint32_t nibble) const {
    std::uint32_t worst = 1;
    unsigned least = histories_.seen[slot(line, 1)[1]];
    for (std::uint32_t k = 2; k <= 3; ++k) {
        const unsigned seen = histories_.seen[slot(line, k)[1]];
        worst = seen < least ? k : worst;
        least = std::min(least, seen);
    }
    const std::uint32_t shift = 4 * worst - 4;
    line->nibbles = static_cast<std::uint16_t>((line->nibbles & ~(15U << shift)) | nibble << shift);
    std::uint8_t* const emptied = slot(line, worst);
    std::memset(emptied + 1, 0, kHistoriesOfNibble);
    return emptied;
}

}  // namespace bitlaw::predict
