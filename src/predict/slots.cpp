#include "bitlaw/predict/slots.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace bitlaw::predict {

LargePages::LargePages(std::size_t bytes) {
    constexpr std::size_t kPage = std::size_t{2} << 20;
    const std::size_t align = bytes >= kPage ? kPage : 64;
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

}  // namespace bitlaw::predict
