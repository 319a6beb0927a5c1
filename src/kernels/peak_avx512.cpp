/// No header with inline functions may be used here, lest the linker keep this file's copy for everyone.

#include <immintrin.h>

#include "peak_loops.hpp"

namespace bitlaw::kernels {

std::uint64_t fma_chains_avx512(std::uint64_t rounds, float* sink) {
    constexpr int kChains = 24;  // with the two constants they fit into the 32 registers
    constexpr int kLanes = 16;
    const __m512 factor = _mm512_set1_ps(0.5F);
    const __m512 summand = _mm512_set1_ps(1.0F);
    __m512 x[kChains];
    for (int i = 0; i < kChains; ++i) {
        x[i] = _mm512_set1_ps(static_cast<float>(i));
    }
    for (std::uint64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 24
        for (int i = 0; i < kChains; ++i) {
            x[i] = _mm512_fmadd_ps(x[i], factor, summand);
        }
    }
    float lanes[kLanes];
    for (int i = 0; i < kChains; ++i) {
        _mm512_storeu_ps(lanes, x[i]);
        *sink += lanes[i % kLanes];
    }
    return rounds * kChains * kLanes * 2;
}

}  // namespace bitlaw::kernels
