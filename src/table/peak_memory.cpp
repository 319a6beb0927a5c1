#include "peak_memory.hpp"

#include <malloc.h>

#include <fstream>
#include <string>

namespace bitlaw::table {
namespace {

std::optional<std::uint64_t> high_water() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (std::uint64_t kilobytes = 0; word == "VmHWM:" && status >> kilobytes) {
            return kilobytes * 1024;
        }
    }
    return std::nullopt;
}

}  // namespace

PeakMemory::PeakMemory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    std::ofstream reset("/proc/self/clear_refs");
    if (reset << "5" && reset.flush()) {
        before_ = high_water();
    }
}

std::optional<std::uint64_t> PeakMemory::growth() const {
    const auto now = high_water();
    if (!before_ || !now) {
        return std::nullopt;
    }
    // The kernel counts pages in batches, so that a later reading may be a little lower.
    return *now > *before_ ? *now - *before_ : 0;
}

}  // namespace bitlaw::table
