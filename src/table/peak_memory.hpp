#pragma once
/// \file The most memory that this process has used since a point in time.

#include <cstdint>
#include <optional>

namespace bitlaw::table {

/// Sets the kernel's high-water mark of resident memory back and reads it again later. What the C library
/// keeps of earlier work is given back first, so that a row does not profit from the one before it.
class PeakMemory {
   public:
    PeakMemory();
    /// Bytes that the mark has risen by; nothing where the system does not tell.
    [[nodiscard]] std::optional<std::uint64_t> growth() const;

   private:
    std::optional<std::uint64_t> before_;
};

}  // namespace bitlaw::table
