#pragma once
/// \file Memory aligned to cache lines.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bitlaw {

/// A large page of x86-64 and of most arm64 systems: what is smaller gains nothing from them.
inline constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

/// Memory that starts on a 64-byte boundary (one cache line, one 16-float vector); from kLargePageBytes on it
/// starts on such a page, and the system is asked for large pages: fewer misses of the address cache, and no
/// lines that meet in a cache by the chance of small pages.
/// \throws std::bad_alloc
[[nodiscard]] void* allocate_aligned(std::size_t bytes);
void free_aligned(void* memory) noexcept;

/// Allocator of such memory for std::vector.
template <class T>
struct AlignedAllocator {
    using value_type = T;
    AlignedAllocator() = default;
    template <class U>
    AlignedAllocator(const AlignedAllocator<U>&) {}
    [[nodiscard]] T* allocate(std::size_t count) {
        return static_cast<T*>(allocate_aligned(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t) { free_aligned(memory); }
    template <class U>
    bool operator==(const AlignedAllocator<U>&) const {
        return true;
    }
};

using Floats = std::vector<float, AlignedAllocator<float>>;
/// bfloat16 numbers as their bits.
using Halves = std::vector<std::uint16_t, AlignedAllocator<std::uint16_t>>;

}  // namespace bitlaw
