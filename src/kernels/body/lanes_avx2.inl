// Sixteen virtual lanes as two AVX2 registers. Included once, inside the file's own anonymous namespace.

struct Lanes {
    __m256 low;   // lanes 0 .. 7
    __m256 high;  // lanes 8 .. 15
};

/// Register tile of the products: 6 x 2 accumulators, 2 columns and 1 broadcast fill 15 of 16 registers.
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTileVectors = 1;
/// Vectors across which so few rows are spread that 8 chains hide the latency of 4 cycles x 2 units.
constexpr std::size_t kTileVectorsOfRows[] = {4, 2, 1};

inline Lanes zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline Lanes broadcast(float x) {
    const __m256 value = _mm256_set1_ps(x);
    return {value, value};
}
inline Lanes load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, Lanes x) {
    _mm256_storeu_ps(p, x.low);
    _mm256_storeu_ps(p + 8, x.high);
}
/// All-ones in the lanes of one half whose index (starting at `from`) lies in begin .. end-1.
inline __m256i lane_mask(int from, std::size_t begin, std::size_t end) {
    const __m256i index =
        _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(from));
    const __m256i above = _mm256_cmpgt_epi32(index, _mm256_set1_epi32(static_cast<int>(begin) - 1));
    const __m256i below = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(end)), index);
    return _mm256_and_si256(above, below);
}
/// Loads the first `count` < 16 floats, zero beyond; touches no other memory.
inline Lanes load_partial(const float* p, std::size_t count) {
    const __m256 high = count > 8 ? _mm256_maskload_ps(p + 8, lane_mask(8, 0, count)) : _mm256_setzero_ps();
    return {_mm256_maskload_ps(p, lane_mask(0, 0, count)), high};
}
inline void store_partial(float* p, Lanes x, std::size_t count) {
    _mm256_maskstore_ps(p, lane_mask(0, 0, count), x.low);
    if (count > 8) {
        _mm256_maskstore_ps(p + 8, lane_mask(8, 0, count), x.high);
    }
}
inline Lanes add(Lanes a, Lanes b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
inline Lanes sub(Lanes a, Lanes b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
inline Lanes mul(Lanes a, Lanes b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
inline Lanes div(Lanes a, Lanes b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
inline Lanes sqrt(Lanes a) { return {_mm256_sqrt_ps(a.low), _mm256_sqrt_ps(a.high)}; }
/// a * b + c, rounded once.
inline Lanes fma(Lanes a, Lanes b, Lanes c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
/// a > b ? a : b (so b where either is NaN).
inline Lanes max(Lanes a, Lanes b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
inline Lanes min(Lanes a, Lanes b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
/// Lanes begin .. end-1 of x, zero elsewhere; 0 <= begin <= end <= 16.
inline Lanes keep_lanes(Lanes x, std::size_t begin, std::size_t end) {
    return {_mm256_and_ps(x.low, _mm256_castsi256_ps(lane_mask(0, begin, end))),
            _mm256_and_ps(x.high, _mm256_castsi256_ps(lane_mask(8, begin, end)))};
}
/// Lanes begin .. end-1 of x, those of `other` elsewhere.
inline Lanes select_lanes(Lanes x, Lanes other, std::size_t begin, std::size_t end) {
    return {_mm256_blendv_ps(other.low, x.low, _mm256_castsi256_ps(lane_mask(0, begin, end))),
            _mm256_blendv_ps(other.high, x.high, _mm256_castsi256_ps(lane_mask(8, begin, end)))};
}
inline __m256 shift_exponent_half(__m256 x, __m256 n) {
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}
/// x * 2^n for integral n (as a float) with |n| <= 126 and results in the normal range: adds n to the
/// exponent field.
inline Lanes shift_exponent(Lanes x, Lanes n) {
    return {shift_exponent_half(x.low, n.low), shift_exponent_half(x.high, n.high)};
}
inline __m256 round_bf16_half(__m256 x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_and_si256(
        _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd), _mm256_set1_epi32(-65536));
    return _mm256_blendv_ps(_mm256_castsi256_ps(rounded), _mm256_castsi256_ps(_mm256_set1_epi32(0x7FC00000)),
                            _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}
/// Rounds to bfloat16 (nearest even); NaN becomes the quiet NaN 0x7FC00000.
inline Lanes round_bf16_lanes(Lanes x) { return {round_bf16_half(x.low), round_bf16_half(x.high)}; }
/// Stores 1 + truncated x as 32-bit integers; 0 <= x < 2^31. `count` <= 16 lanes.
inline void store_integers_plus_one(std::uint32_t* p, Lanes x, std::size_t count) {
    const __m256i one = _mm256_set1_epi32(1);
    auto* integers = reinterpret_cast<int*>(p);
    _mm256_maskstore_epi32(integers, lane_mask(0, 0, count),
                           _mm256_add_epi32(_mm256_cvttps_epi32(x.low), one));
    if (count > 8) {
        _mm256_maskstore_epi32(integers + 8, lane_mask(8, 0, count),
                               _mm256_add_epi32(_mm256_cvttps_epi32(x.high), one));
    }
}
/// The halving tree: l[i] + l[i+8], then +4, +2, +1.
inline float halving_sum(Lanes x) {
    const __m256 eight = _mm256_add_ps(x.low, x.high);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
/// The same tree with max(l[i], l[i+8]) and so on.
inline float halving_max(Lanes x) {
    const __m256 eight = _mm256_max_ps(x.low, x.high);
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
inline void transpose_eight(__m256 (&x)[8]) {
    __m256 y[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        x[i] = _mm256_shuffle_ps(y[i], y[i + 2], 0x44);
        x[i + 1] = _mm256_shuffle_ps(y[i], y[i + 2], 0xEE);
        x[i + 2] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0x44);
        x[i + 3] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0xEE);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
        const __m256 low = x[c];
        x[c] = _mm256_permute2f128_ps(low, x[c + 4], 0x20);
        x[c + 4] = _mm256_permute2f128_ps(low, x[c + 4], 0x31);
    }
}
/// Transposes 16 x 16 floats in place: row i of the result holds lane i of every input row.
inline void transpose_lanes(Lanes (&x)[16]) {
    __m256 block[4][8];  // the four 8 x 8 blocks: upper left, upper right, lower left, lower right
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        block[0][i] = x[i].low;
        block[1][i] = x[i].high;
        block[2][i] = x[i + 8].low;
        block[3][i] = x[i + 8].high;
    }
#pragma GCC unroll 4
    for (auto& one : block) {
        transpose_eight(one);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        x[i] = {block[0][i], block[2][i]};
        x[i + 8] = {block[1][i], block[3][i]};
    }
}

/// Shape of a decoding step's tiles: query heads that share a load of a key or value, and chains side by
/// side, so many that none waits for its own last step.
constexpr std::size_t kStepHeads = 2;
constexpr std::size_t kStepChains = 4;
