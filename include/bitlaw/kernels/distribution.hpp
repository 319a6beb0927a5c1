#pragma once
/// \file A table of 256 frequencies as a binary tree of sums. Whole numbers only: class A without further
/// care.

#include <cstdint>

namespace bitlaw::kernels {

/// Of a table: its largest frequency, where it stands and where the largest of the others does; of equal ones
/// the first. 256 frequencies, each at least 1.
struct Largest {
    std::uint32_t frequency;
    std::uint32_t first;
    std::uint32_t second;
};

struct DistributionKernels {
    /// sums [512]: sums[256 + i] = frequencies[i], sums[n] = sums[2 n] + sums[2 n + 1] for n = 1 .. 255.
    void (*tree)(const std::uint32_t* frequencies, std::uint64_t* sums);
    Largest (*largest)(const std::uint32_t* frequencies);
};

/// Those of the instruction set in force (kernels/isa.hpp).
[[nodiscard]] const DistributionKernels& distribution_kernels();

}  // namespace bitlaw::kernels
