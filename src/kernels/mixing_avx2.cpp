/// \file The loops of whole numbers (a mixer, least squares) for one instruction set. No header with inline
/// functions may be used here, lest the linker keep this file's copy for everyone.

#include <immintrin.h>

#include "mixing_tables.hpp"

namespace bitlaw::kernels {
namespace {

struct Ints {
    static constexpr std::size_t kWidth = 8;
    __m256i lanes;

    static Ints zero() { return {_mm256_setzero_si256()}; }
    static Ints all(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
    static Ints load(const std::int32_t* from) {
        return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))};
    }
    void store(std::int32_t* to) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), lanes); }
    // The lower halves of `other` are zero.
    [[nodiscard]] Ints upper_product(Ints other) const { return {_mm256_madd_epi16(lanes, other.lanes)}; }
    [[nodiscard]] Ints plus(Ints other) const { return {_mm256_add_epi32(lanes, other.lanes)}; }
    template <int n>
    [[nodiscard]] Ints shifted_right() const {
        return {_mm256_srai_epi32(lanes, n)};
    }
    [[nodiscard]] Ints clamped(std::int32_t bound) const {
        return {
            _mm256_max_epi32(_mm256_min_epi32(lanes, _mm256_set1_epi32(bound)), _mm256_set1_epi32(-bound))};
    }
    [[nodiscard]] std::int32_t sum() const {
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
        return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1)));
    }
};

struct Longs {
    static constexpr std::size_t kWidth = 4;
    __m256i lanes;

    static Longs load(const std::int64_t* from) {
        return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))};
    }
    void store(std::int64_t* to) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), lanes); }
    static Longs widened(const std::int32_t* from) {
        return {_mm256_cvtepi32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
    }
    static Longs all(std::int32_t x) { return {_mm256_set1_epi64x(x)}; }
    [[nodiscard]] Longs plus_product(Longs a, Longs b) const {
        return {_mm256_add_epi64(lanes, _mm256_mul_epi32(a.lanes, b.lanes))};
    }
};

#include "body/covariance.inl"
#include "body/mixing.inl"

}  // namespace

const MixingKernels& mixing_kernels_avx2() {
    static constexpr MixingKernels kTable{mixing_dot, mixing_train};
    return kTable;
}

Covariance covariance_avx2() { return covariance_sums; }

}  // namespace bitlaw::kernels
