#include "bitlaw/predict/experts/bitmap.hpp"

#include <bit>

namespace bitlaw::predict {
namespace {

// The bits of three bytes of a row, from the one before the column's byte to the one after it.
std::uint32_t three(const Past& past, std::uint32_t distance) {
    const std::uint32_t after = distance > 1 ? past.back(distance - 1) : std::uint8_t{0};
    return std::uint32_t{past.back(distance + 1)} << 16 | std::uint32_t{past.back(distance)} << 8 | after;
}

}  // namespace

Bitmap::Bitmap()
    : odds_(odds_tables()),
      steps_(counted_steps()),
      near_(std::size_t{1} << 16, counted(32768)),
      wide_(std::size_t{1} << 20, counted(32768)) {}

void Bitmap::predict(const Past& past, std::uint32_t width, std::uint32_t node, Mixer& mixer,
                     std::size_t first) {
    const auto done =
        static_cast<std::uint32_t>(std::bit_width(node) - 1);  // bits of the byte that are known
    const std::uint32_t row = static_cast<std::uint32_t>(past.last) << done | (node & ((1U << done) - 1));
    // Bit 15 - done of a row's three bytes stands right above the next bit.
    const std::uint32_t above = three(past, width);
    const std::uint32_t above2 = three(past, 2 * width);
    const auto around = [done](std::uint32_t bits, unsigned ahead, unsigned count) {
        return bits >> (15 - done - ahead) & ((1U << count) - 1);
    };
    near_used_ = &near_[(row & 31) << 11 | around(above, 3, 7) << 4 | around(above2, 1, 4)];
    wide_used_ = &wide_[(row & 255) << 12 | around(above, 3, 7) << 5 | around(above2, 2, 5)];
    const std::uint32_t near = p12(*near_used_);
    const std::uint32_t wide = p12(*wide_used_);
    mixer.set(first, odds_.odds[near]);
    mixer.set(first + 1, (static_cast<std::int32_t>(near) - 2048) >> 2);
    mixer.set(first + 2, odds_.odds[wide]);
    mixer.set(first + 3, (static_cast<std::int32_t>(wide) - 2048) >> 2);
}

void Bitmap::accept(int bit) {
    learn(*near_used_, bit, 255, steps_);
    learn(*wide_used_, bit, 255, steps_);
}

}  // namespace bitlaw::predict
