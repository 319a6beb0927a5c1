#pragma once
/// \file Floats that end at a page without access, so that any touch beyond the last one ends the test run.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <limits>
#include <new>

namespace bitlaw::test {

/// `count` floats, NaN at first. Some floats in front of them hold a pattern that unharmed() checks.
class GuardedFloats {
   public:
    explicit GuardedFloats(std::size_t count, float fill = std::numeric_limits<float>::quiet_NaN())
        : count_(count) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t pages = ((count + kBefore) * sizeof(float) + page - 1) / page;
        bytes_ = (pages + 1) * page;
        memory_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) {
            throw std::bad_alloc();
        }
        ::mprotect(static_cast<std::byte*>(memory_) + pages * page, page, PROT_NONE);
        data_ = static_cast<float*>(memory_) + pages * page / sizeof(float) - count;
        for (std::size_t i = 0; i < kBefore; ++i) {
            (data_ - kBefore)[i] = kPattern;
        }
        for (std::size_t i = 0; i < count; ++i) {
            data_[i] = fill;
        }
    }
    ~GuardedFloats() { ::munmap(memory_, bytes_); }
    GuardedFloats(const GuardedFloats&) = delete;
    GuardedFloats& operator=(const GuardedFloats&) = delete;

    [[nodiscard]] float* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return count_; }
    /// Whether the floats in front are as they were.
    [[nodiscard]] bool unharmed() const {
        for (std::size_t i = 0; i < kBefore; ++i) {
            if ((data_ - kBefore)[i] != kPattern) {
                return false;
            }
        }
        return true;
    }

   private:
    static constexpr std::size_t kBefore = 64;
    static constexpr float kPattern = 12345.0F;
    std::size_t count_;
    std::size_t bytes_ = 0;
    void* memory_ = nullptr;
    float* data_ = nullptr;
};

}  // namespace bitlaw::test
