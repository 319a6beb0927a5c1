/// \file The loops of whole numbers (contexts, a mixer, least squares) for one instruction set. No header
/// with inline functions may be used here, lest the linker keep this file's copy for everyone.

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
    static Ints of(const std::int32_t* x) {
        return {_mm512_setr_epi32(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11],
                                  x[12], x[13], x[14], x[15])};
    }
    [[nodiscard]] std::int32_t total() const { return _mm512_reduce_add_epi32(lanes); }
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
    // 16 bits each, times 2^16.
    static Ints shorts(const std::int16_t* from) {
        const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        return {_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16)};
    }
    static Ints bytes(const std::uint8_t* from) {
        return {_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
    }
    [[nodiscard]] Ints shifted_right_by(std::uint32_t n) const {
        return {_mm512_srl_epi32(lanes, _mm_cvtsi32_si128(static_cast<std::int32_t>(n)))};
    }
    // Of these three a mask: all bits of a lane, or none.
    [[nodiscard]] Ints above(std::int32_t x) const {
        return {_mm512_movm_epi32(_mm512_cmpgt_epi32_mask(lanes, _mm512_set1_epi32(x)))};
    }
    [[nodiscard]] Ints equals(std::int32_t x) const {
        return {_mm512_movm_epi32(_mm512_cmpeq_epi32_mask(lanes, _mm512_set1_epi32(x)))};
    }
    [[nodiscard]] Ints also(Ints mask) const { return {_mm512_and_si512(lanes, mask.lanes)}; }
    [[nodiscard]] Ints unless(Ints mask) const { return {_mm512_andnot_si512(mask.lanes, lanes)}; }
    [[nodiscard]] Ints or_else(Ints other, Ints mask) const {
        return {_mm512_mask_blend_epi32(_mm512_movepi32_mask(mask.lanes), lanes, other.lanes)};
    }
    // floor(numerator / x). Exact for 0 < numerator < 2^23 and x > 0 that a float can hold: the quotient is
    // rounded by less than numerator / x / 2^24 < 1 / x, so that it does not reach the next integer.
    [[nodiscard]] Ints divides(std::int32_t numerator) const {
        return {_mm512_cvttps_epi32(
            _mm512_div_ps(_mm512_set1_ps(static_cast<float>(numerator)), _mm512_cvtepi32_ps(lanes)))};
    }
    // The lower 32 bits of lanes * other / 2^16, rounded down.
    [[nodiscard]] Ints scaled_product(Ints other) const {
        const __m512i even = _mm512_srli_epi64(_mm512_mul_epi32(lanes, other.lanes), 16);
        const __m512i odd = _mm512_slli_epi64(
            _mm512_mul_epi32(_mm512_srli_epi64(lanes, 32), _mm512_srli_epi64(other.lanes, 32)), 16);
        return {_mm512_mask_blend_epi32(0xAAAA, even, odd)};
    }
    [[nodiscard]] Ints minus(Ints other) const { return {_mm512_sub_epi32(lanes, other.lanes)}; }
    // Without signs.
    [[nodiscard]] Ints larger(Ints other) const { return {_mm512_max_epu32(lanes, other.lanes)}; }
    [[nodiscard]] Ints smaller(Ints other) const { return {_mm512_min_epu32(lanes, other.lanes)}; }
    [[nodiscard]] Ints with(Ints other) const { return {_mm512_or_si512(lanes, other.lanes)}; }
    // Whether a lane needs more bits.
    [[nodiscard]] bool any_above(int bits) const {
        const __m512i rest = _mm512_srl_epi32(lanes, _mm_cvtsi32_si128(bits));
        return _mm512_test_epi32_mask(rest, rest) != 0;
    }
    template <int n>
    [[nodiscard]] Ints shifted_left() const {
        return {_mm512_slli_epi32(lanes, n)};
    }
    template <int n>
    [[nodiscard]] Ints without_sign_shifted_right() const {
        return {_mm512_srli_epi32(lanes, n)};
    }
    [[nodiscard]] Ints at_most(std::int32_t x) const {
        return {_mm512_min_epi32(lanes, _mm512_set1_epi32(x))};
    }
    [[nodiscard]] __m256i halves() const {
        return _mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
    }
    // The sums of the lanes of four, clamped.
    static void store_sums(const Ints* four, std::int32_t bound, std::int32_t* to) {
        const __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(four[0].halves(), four[1].halves()),
                                                _mm256_hadd_epi32(four[2].halves(), four[3].halves()));
        const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
        const __m128i clamped =
            _mm_max_epi32(_mm_min_epi32(sums, _mm_set1_epi32(bound)), _mm_set1_epi32(-bound));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), clamped);
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

#include "body/contexts.inl"
#include "body/covariance.inl"
#include "body/distribution.inl"
#include "body/light.inl"
#include "body/mixing.inl"

}  // namespace

const MixingKernels& mixing_kernels_avx512() {
    static constexpr MixingKernels kTable{mixing_dot, mixing_train};
    return kTable;
}

const ContextKernels& context_kernels_avx512() {
    static constexpr ContextKernels kTable{contexts_look, contexts_learn};
    return kTable;
}

const LightKernels& light_kernels_avx512() {
    static constexpr LightKernels kTable{light_look, light_learn};
    return kTable;
}

const DistributionKernels& distribution_kernels_avx512() {
    static constexpr DistributionKernels kTable{distribution_tree, distribution_largest};
    return kTable;
}

Covariance covariance_avx512() { return covariance_sums; }

}  // namespace bitlaw::kernels
