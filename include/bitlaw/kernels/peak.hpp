#pragma once
/// \file The machine's limit: fused multiply-adds that wait for nothing. Speeds are given as shares of it.

#include <cstdint>

namespace bitlaw::kernels {

/// Runs `rounds` rounds of independent chains x = fma(x, a, b) on the calling thread, in registers, with the
/// widest instruction set that this processor and build have, whatever was chosen. Returns the floating-point
/// operations done (a multiply-add is 2). Enough chains run beside each other to hide the latency (at most 5
/// cycles x 2 units).
[[nodiscard]] std::uint64_t run_fma_chains(std::uint64_t rounds);

}  // namespace bitlaw::kernels
