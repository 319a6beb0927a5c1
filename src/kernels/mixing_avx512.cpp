/// \file The loops of whole numbers (a mixer, least squares) for one instruction set. No header with inline
/// functions may be used here, lest the linker keep this file's copy for everyone.

// GCC 12's own header starts undefined vectors from themselves and then warns of it (bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#include "mixing_tables.hpp"

namespace bitlaw::kernels {
namespace {

struct Ints {
    static constexpr std::size_t kWidth = 16;
    __m512i lanes;

    static Ints zero() { return {_mm512_setzero_si512()}; }
    static Ints all(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
    static Ints load(const std::int32_t* from) { return {_mm512_loadu_si512(from)}; }
    void store(std::int32_t* to) const { _mm512_storeu_si512(to, lanes); }
    // The lower halves of `other` are zero.
    [[nodiscard]] Ints upper_product(Ints other) const { return {_mm512_madd_epi16(lanes, other.lanes)}; }
    [[nodiscard]] Ints plus(Ints other) const { return {_mm512_add_epi32(lanes, other.lanes)}; }
    template <int n>
    [[nodiscard]] Ints shifted_right() const {
        return {_mm512_srai_epi32(lanes, n)};
    }
    [[nodiscard]] Ints clamped(std::int32_t bound) const {
        return {
            _mm512_max_epi32(_mm512_min_epi32(lanes, _mm512_set1_epi32(bound)), _mm512_set1_epi32(-bound))};
    }
    [[nodiscard]] std::int32_t sum() const {
        const __m512 bits = _mm512_castsi512_ps(lanes);
        const __m256i eight = _mm256_add_epi32(_mm256_castps_si256(_mm512_castps512_ps256(bits)),
                                               _mm256_castps_si256(_mm512_extractf32x8_ps(bits, 1)));
        __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
        four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
        return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
    }
};

struct Longs {
    static constexpr std::size_t kWidth = 8;
    __m512i lanes;

    static Longs load(const std::int64_t* from) { return {_mm512_loadu_si512(from)}; }
    void store(std::int64_t* to) const { _mm512_storeu_si512(to, lanes); }
    static Longs widened(const std::int32_t* from) {
        return {_mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
    }
    static Longs all(std::int32_t x) { return {_mm512_set1_epi64(x)}; }
    [[nodiscard]] Longs plus_product(Longs a, Longs b) const {
        return {_mm512_add_epi64(lanes, _mm512_mul_epi32(a.lanes, b.lanes))};
    }
};

#include "body/covariance.inl"
#include "body/mixing.inl"

}  // namespace

const MixingKernels& mixing_kernels_avx512() {
    static constexpr MixingKernels kTable{mixing_dot, mixing_train};
    return kTable;
}

Covariance covariance_avx512() { return covariance_sums; }

}  // namespace bitlaw::kernels
