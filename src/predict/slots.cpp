#include "bitlaw/predict/slots.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace bitlaw::predict {

LargePages::LargePages(std::size_t bytes) {
    constexpr std::size_t kPage = std::size_t{2} << 20;
    const std::size_t align = bytes >= kPage ? kPage : kLineBytes;
    const std::size_t whole = (bytes + align - 1) / align * align;
    memory_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(align, whole)));
    if (memory_ == nullptr) {
        throw std::bad_alloc();
    }
#ifdef MADV_HUGEPAGE
    if (bytes >= kPage) {
        (void)madvise(memory_.get(), whole, MADV_HUGEPAGE);  // only a wish
    }
#endif
    std::memset(memory_.get(), 0, whole);
}

void LargePages::Free::operator()(std::uint8_t* memory) const { std::free(memory); }

SlotTable::SlotTable(std::size_t bytes)
    : lines_(std::max<std::size_t>(bytes / kLineBytes, 1)),
      storage_(lines_ * kLineBytes),
      memory_(storage_.data()),
      seen_(bit_histories().seen) {}

std::uint8_t* SlotTable::replaced(std::uint8_t* line, std::uint16_t check) {
    std::uint8_t* slot = line + kFirstSlot;
    std::size_t worst = 0;
    unsigned least = seen_[slot[1]];
    for (std::size_t i = 1; i < kSlotsOfLine; ++i) {
        const unsigned seen = seen_[slot[1 + i * kSlotBytes]];
        worst = seen < least ? i : worst;
        least = std::min(least, seen);
    }
    std::memcpy(line + 2 * worst, &check, sizeof check);
    slot += worst * kSlotBytes;
    std::memset(slot + 1, 0, kSlotBytes);
    return slot;
}

}  // namespace bitlaw::predict
