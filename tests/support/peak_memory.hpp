#pragma once
/// \file The most memory that the process has used since a point in time.

#include <cstdint>
#include <fstream>
#include <string>

namespace bitlaw::test {

/// Resets the kernel's high-water mark of resident memory and reads it again later.
class PeakMemory {
   public:
    PeakMemory() {
        std::ofstream("/proc/self/clear_refs") << "5";
        start_ = high_water();
    }
    /// Bytes of resident memory that the mark has risen by; 0 under AddressSanitizer, whose own memory would
    /// count.
    [[nodiscard]] std::uint64_t growth() const {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        return 0;
#else
        // The kernel counts pages in batches, so that a later reading may be a little lower.
        const std::uint64_t now = high_water();
        return now > start_ ? now - start_ : 0;
#endif
    }

   private:
    static std::uint64_t high_water() {
        std::ifstream status("/proc/self/status");
        for (std::string word; status >> word;) {
            if (word == "VmHWM:") {
                std::uint64_t kilobytes = 0;
                status >> kilobytes;
                return kilobytes * 1024;
            }
        }
        return 0;
    }
    std::uint64_t start_ = 0;
};

}  // namespace bitlaw::test
