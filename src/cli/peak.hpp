#pragma once
/// \file How fast this machine can multiply and add at best, measured.

#include <cstddef>
#include <cstdint>

namespace bitlaw::cli {

/// 10^9 operations a second of fused multiply-adds of fp32 in registers on so many threads. A limit is what
/// was reached once, so the fastest of the runs of some 10 ms counts, after one that counts for nothing.
[[nodiscard]] double peak_gflops(std::size_t threads, std::uint64_t runs = 20);

}  // namespace bitlaw::cli
