/// No header with inline functions may be used here, lest the linker keep this file's copy for everyone.

#include <immintrin.h>

#include "peak_loops.hpp"

namespace bitlaw::kernels {

std::uint64_t fma_chains_avx2(std::uint64_t rounds, float* sink) {
    constexpr int kChains = 12;  // with the two constants they fit into the 16 registers
    constexpr int kLanes = 8;
    const __m256 factor = _mm256_set1_ps(0.5F);
    const __m256 summand = _mm256_set1_ps(1.0F);
    __m256 x[kChains];
    for (int i = 0; i < kChains; ++i) {
        x[i] = _mm256_set1_ps(static_cast<float>(i));
    }
    for (std::uint64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) {
            x[i] = _mm256_fmadd_ps(x[i], factor, summand);
        }
    }
    float lanes[kLanes];
    for (int i = 0; i < kChains; ++i) {
        _mm256_storeu_ps(lanes, x[i]);
        *sink += lanes[i % kLanes];
    }
    return rounds * kChains * kLanes * 2;
}

}  // namespace bitlaw::kernels
