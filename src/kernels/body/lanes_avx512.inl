// Sixteen virtual lanes as one AVX-512 register. Included once, inside the file's own anonymous namespace.

using Lanes = __m512;

/// Register tile of the products: 12 x 2 accumulators, 2 columns and 1 broadcast fill 27 of 32 registers.
constexpr std::size_t kTileRows = 12;
constexpr std::size_t kTileVectors = 2;
/// Vectors across which so few rows are spread that 8 chains hide the latency of 4 cycles x 2 units.
constexpr std::size_t kTileVectorsOfRows[] = {8, 4, 4};

inline Lanes zero() { return _mm512_setzero_ps(); }
inline Lanes broadcast(float x) { return _mm512_set1_ps(x); }
inline Lanes load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Lanes x) { _mm512_storeu_ps(p, x); }
inline __mmask16 first_lanes(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1U); }
/// Loads the first `count` < 16 floats, zero beyond; touches no other memory.
inline Lanes load_partial(const float* p, std::size_t count) {
    return _mm512_maskz_loadu_ps(first_lanes(count), p);
}
inline void store_partial(float* p, Lanes x, std::size_t count) {
    _mm512_mask_storeu_ps(p, first_lanes(count), x);
}
inline Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
inline Lanes sub(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
inline Lanes mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
inline Lanes div(Lanes a, Lanes b) { return _mm512_div_ps(a, b); }
inline Lanes sqrt(Lanes a) { return _mm512_sqrt_ps(a); }
/// a * b + c, rounded once.
inline Lanes fma(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
/// a > b ? a : b (so b where either is NaN).
inline Lanes max(Lanes a, Lanes b) { return _mm512_max_ps(a, b); }
inline Lanes min(Lanes a, Lanes b) { return _mm512_min_ps(a, b); }
/// Lanes begin .. end-1 of x, zero elsewhere; 0 <= begin <= end <= 16.
inline Lanes keep_lanes(Lanes x, std::size_t begin, std::size_t end) {
    return _mm512_maskz_mov_ps(static_cast<__mmask16>(first_lanes(end) & ~first_lanes(begin)), x);
}
/// Lanes begin .. end-1 of x, those of `other` elsewhere.
inline Lanes select_lanes(Lanes x, Lanes other, std::size_t begin, std::size_t end) {
    return _mm512_mask_mov_ps(other, static_cast<__mmask16>(first_lanes(end) & ~first_lanes(begin)), x);
}
/// x * 2^n for integral n (as a float) with |n| <= 126 and results in the normal range: adds n to the
/// exponent field.
inline Lanes shift_exponent(Lanes x, Lanes n) {
    return _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_castps_si512(x), _mm512_slli_epi32(_mm512_cvtps_epi32(n), 23)));
}
/// Rounds to bfloat16 (nearest even); NaN becomes the quiet NaN 0x7FC00000.
inline Lanes round_bf16_lanes(Lanes x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_and_si512(
        _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd), _mm512_set1_epi32(-65536));
    return _mm512_mask_mov_ps(_mm512_castsi512_ps(rounded), _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q),
                              _mm512_castsi512_ps(_mm512_set1_epi32(0x7FC00000)));
}
/// Stores 1 + truncated x as 32-bit integers; 0 <= x < 2^31. `count` <= 16 lanes.
inline void store_integers_plus_one(std::uint32_t* p, Lanes x, std::size_t count) {
    _mm512_mask_storeu_epi32(p, first_lanes(count),
                             _mm512_add_epi32(_mm512_cvttps_epi32(x), _mm512_set1_epi32(1)));
}
/// The halving tree: l[i] + l[i+8], then +4, +2, +1.
inline float halving_sum(Lanes x) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
/// The same tree with max(l[i], l[i+8]) and so on.
inline float halving_max(Lanes x) {
    const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
/// Transposes 16 x 16 floats in place: row i of the result holds lane i of every input row.
inline void transpose_lanes(Lanes (&x)[16]) {
    Lanes y[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {  // pairs of rows
        y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {  // fours of rows: x[i + c] holds columns c, c + 4, c + 8, c + 12
        x[i] = _mm512_shuffle_ps(y[i], y[i + 2], 0x44);
        x[i + 1] = _mm512_shuffle_ps(y[i], y[i + 2], 0xEE);
        x[i + 2] = _mm512_shuffle_ps(y[i + 1], y[i + 3], 0x44);
        x[i + 3] = _mm512_shuffle_ps(y[i + 1], y[i + 3], 0xEE);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4;
         ++c) {  // quarters: a 4 x 4 transpose of 128-bit blocks for each residue of the column
        const Lanes low = _mm512_shuffle_f32x4(x[c], x[c + 4], 0x88);
        const Lanes low_odd = _mm512_shuffle_f32x4(x[c], x[c + 4], 0xDD);
        const Lanes high = _mm512_shuffle_f32x4(x[c + 8], x[c + 12], 0x88);
        const Lanes high_odd = _mm512_shuffle_f32x4(x[c + 8], x[c + 12], 0xDD);
        x[c] = _mm512_shuffle_f32x4(low, high, 0x88);
        x[c + 4] = _mm512_shuffle_f32x4(low_odd, high_odd, 0x88);
        x[c + 8] = _mm512_shuffle_f32x4(low, high, 0xDD);
        x[c + 12] = _mm512_shuffle_f32x4(low_odd, high_odd, 0xDD);
    }
}

/// Shape of a decoding step's tiles: query heads that share a load of a key or value, and chains side by
/// side, so many that none waits for its own last step.
constexpr std::size_t kStepHeads = 4;
constexpr std::size_t kStepChains = 8;
