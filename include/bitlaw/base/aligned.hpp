#pragma once
/// \file Memory aligned to cache lines.

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace bitlaw {

/// Allocator for std::vector whose memory starts on a 64-byte boundary (one cache line, one 16-float vector).
template <class T>
struct AlignedAllocator {
    using value_type = T;
    static constexpr std::align_val_t kAlignment{64};
    AlignedAllocator() = default;
    template <class U>
    AlignedAllocator(const AlignedAllocator<U>&) {}
    [[nodiscard]] T* allocate(std::size_t count) {
        return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
    }
    void deallocate(T* memory, std::size_t) { ::operator delete(memory, kAlignment); }
    template <class U>
    bool operator==(const AlignedAllocator<U>&) const {
        return true;
    }
};

using Floats = std::vector<float, AlignedAllocator<float>>;
/// bfloat16 numbers as their bits.
using Halves = std::vector<std::uint16_t, AlignedAllocator<std::uint16_t>>;

}  // namespace bitlaw
