// Pairs of bfloat16 numbers as sixteen lanes: rounding, packing, widening. Needs lanes_avx512.inl before it.

/// Denormal numbers become zeros of their sign.
inline Lanes flush_denormals(Lanes x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __mmask16 normal = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x7F800000));
    const __m512i sign = _mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0x80000000U)));
    return _mm512_castsi512_ps(_mm512_mask_mov_epi32(sign, normal, bits));
}
/// Stores the 16 pairs (even, odd), both being widened bfloat16 numbers: 32 of them, the even one first.
inline void store_pairs(std::uint16_t* p, Lanes even, Lanes odd) {
    const __m512i low = _mm512_srli_epi32(_mm512_castps_si512(even), 16);
    _mm512_storeu_si512(p, _mm512_or_si512(low, _mm512_castps_si512(odd)));
}
/// The even and the odd elements of 16 pairs, widened.
inline Lanes load_even(const std::uint16_t* p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}
inline Lanes load_odd(const std::uint16_t* p) {
    return _mm512_castsi512_ps(
        _mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(static_cast<int>(0xFFFF0000U))));
}
/// a * b + c, rounded once, for the state that FlushScope sets.
inline Lanes fma_flushed(Lanes a, Lanes b, Lanes c) { return fma(a, b, c); }
