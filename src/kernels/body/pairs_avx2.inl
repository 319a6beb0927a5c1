// Pairs of bfloat16 numbers as sixteen lanes: rounding, packing, widening. Needs lanes_avx2.inl before it.

inline __m256 flush_denormals_half(__m256 x) {
    const __m256i exponent = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7F800000));
    const __m256i tiny = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
    return _mm256_blendv_ps(x, _mm256_and_ps(x, _mm256_set1_ps(-0.0F)), _mm256_castsi256_ps(tiny));
}
/// Denormal numbers become zeros of their sign.
inline Lanes flush_denormals(Lanes x) { return {flush_denormals_half(x.low), flush_denormals_half(x.high)}; }
inline void store_pairs_half(std::uint16_t* p, __m256 even, __m256 odd) {
    const __m256i low = _mm256_srli_epi32(_mm256_castps_si256(even), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_or_si256(low, _mm256_castps_si256(odd)));
}
/// Stores the 16 pairs (even, odd), both being widened bfloat16 numbers: 32 of them, the even one first.
inline void store_pairs(std::uint16_t* p, Lanes even, Lanes odd) {
    store_pairs_half(p, even.low, odd.low);
    store_pairs_half(p + 16, even.high, odd.high);
}
inline __m256 load_even_half(const std::uint16_t* p) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), 16));
}
inline __m256 load_odd_half(const std::uint16_t* p) {
    // Shifts there and back need no register for a mask: 12 sums, 2 columns and 1 row leave but one.
    const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_srli_epi32(pairs, 16), 16));
}
/// The even and the odd elements of 16 pairs, widened.
inline Lanes load_even(const std::uint16_t* p) { return {load_even_half(p), load_even_half(p + 16)}; }
inline Lanes load_odd(const std::uint16_t* p) { return {load_odd_half(p), load_odd_half(p + 16)}; }
/// a * b + c, rounded once, for the state that FlushScope sets.
inline Lanes fma_flushed(Lanes a, Lanes b, Lanes c) { return fma(a, b, c); }
