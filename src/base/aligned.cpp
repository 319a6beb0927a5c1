#include "bitlaw/base/aligned.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <limits>
#include <new>

namespace bitlaw {

void* allocate_aligned(std::size_t bytes) {
    constexpr std::size_t kLineBytes = 64;
    const std::size_t align = bytes >= kLargePageBytes ? kLargePageBytes : kLineBytes;
    if (bytes > std::numeric_limits<std::size_t>::max() - align) {
        throw std::bad_alloc();
    }
    void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
#ifdef MADV_HUGEPAGE
    if (bytes >= kLargePageBytes) {  // whole pages only, so that no more memory is used than asked for
        (void)::madvise(memory, bytes / kLargePageBytes * kLargePageBytes, MADV_HUGEPAGE);  // only a wish
    }
#endif
    return memory;
}

void free_aligned(void* memory) noexcept { std::free(memory); }

}  // namespace bitlaw
