#include "bitlaw/predict/slots.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace bitlaw::predict {

LargePages::LargePages(std::size_t bytes) {
    constexpr std::size_t kPage = std::size_t{2} << 20;
    if (bytes < kPage) {
        const std::size_t whole = (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
        memory_ = {static_cast<std::uint8_t*>(std::aligned_alloc(kLineBytes, whole)), Free{nullptr, 0}};
        if (memory_ == nullptr) {
            throw std::bad_alloc();
        }
        std::memset(memory_.get(), 0, whole);
        return;
    }
    // The system's own pages are zero already; room for one page more, to begin at a page.
    const std::size_t mapped = (bytes + kPage - 1) / kPage * kPage + kPage;
    void* const base = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        throw std::bad_alloc();
    }
    void* first = base;
    std::size_t room = mapped;
    memory_ = {static_cast<std::uint8_t*>(std::align(kPage, mapped - kPage, first, room)),
               Free{base, mapped}};
#ifdef MADV_HUGEPAGE
    (void)madvise(memory_.get(), mapped - kPage, MADV_HUGEPAGE);  // only a wish
#endif
}

void LargePages::Free::operator()(std::uint8_t* memory) const {
    if (mapped != nullptr) {
        (void)munmap(mapped, size);
    } else {
        std::free(memory);
    }
}

SlotTable::SlotTable(std::size_t bytes)
    : lines_(std::max<std::size_t>(bytes / kLineBytes, 1)),
      storage_(lines_ * kLineBytes),
      memory_(storage_.data()),
      seen_(bit_histories().seen) {}

std::uint8_t* SlotTable::replaced(std::uint8_t* line, std::uint16_t check) const {
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
