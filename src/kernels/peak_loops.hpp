#pragma once
/// \file The loops behind run_fma_chains, one for each instruction set.

#include <cstdint>

namespace bitlaw::kernels {

/// Each returns its operations; `sink` receives a value that depends on all of them, so that none can be left
/// out.
std::uint64_t fma_chains_scalar(std::uint64_t rounds, float* sink);
std::uint64_t fma_chains_avx2(std::uint64_t rounds, float* sink);    ///< only in builds for x86-64
std::uint64_t fma_chains_avx512(std::uint64_t rounds, float* sink);  ///< only in builds for x86-64

}  // namespace bitlaw::kernels
