// The parts of the bf16 products that depend on the processor, for those with vdpbf16ps. Needs
// lanes_avx512.inl and tile.inl before it.

/// A pair of left factors: the even one in the lower half.
using Left = std::uint32_t;
/// Depth of a block of the summed index, even: a packed panel of this depth (32 KB) stays in the first-level
/// cache, 264 rows of left factors (264 KB) in the second-level cache.
constexpr std::size_t kPairDepth = 512;
/// Where the pair of left factors of row i is: i * kRow + pair * kStep. By rows for products; rows a power of
/// two apart would fall into few sets of the cache, hence the 16. By columns for gradients of weights.
struct ByRows {
    static constexpr std::size_t kRow = kPairDepth / 2 + 16;
    static constexpr std::size_t kStep = 1;
};
struct ByColumns {
    static constexpr std::size_t kWidth = 272;
    static constexpr std::size_t kRow = 1;
    static constexpr std::size_t kStep = kWidth;
};

/// 16 pairs; rounds to nearest even, denormals counting as zero, whatever the control register says.
inline __m512i rounded_pairs(Lanes even, Lanes odd) {
    // Lanes 0 .. 15 of the rounded vector are the even elements, 16 .. 31 the odd ones.
    const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                                23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(interleave, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}
/// Rounds 16 columns of two neighbouring positions and stores them as pairs.
inline void round_pairs(Lanes even, Lanes odd, std::uint16_t* packed) {
    _mm512_storeu_si512(packed, rounded_pairs(even, odd));
}
/// Rounds a row of left factors, by rows, with zeros up to a whole pair.
inline void round_row(const float* a, std::size_t depth, Left* left) {
    for (std::size_t kk = 0; kk < depth; kk += 32) {
        const Lanes low = load_some(a + kk, depth - kk);
        const Lanes high = depth - kk > 16 ? load_some(a + kk + 16, depth - kk - 16) : zero();
        _mm512_storeu_si512(left + kk / 2, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
}
/// Rounds 16 left factors of two neighbouring positions, by columns.
inline void round_column_pairs(Lanes even, Lanes odd, Left* left) {
    _mm512_storeu_si512(left, rounded_pairs(even, odd));
}

/// acc[i][v] continues its chain over pairs of positions, the odd one of a pair first: left factor of row i
/// times the packed numbers of vector v, which are at packed[(v / 2) * panel + (v % 2) * 32 + pair * 64].
template <class Order, int kRows, int kVectors>
inline __attribute__((always_inline)) void micro_pairs(const Left* left, const std::uint16_t* packed,
                                                       std::size_t panel, std::size_t pairs,
                                                       Lanes (&acc)[kRows][kVectors]) {
    for (; pairs > 0; --pairs, left += Order::kStep, packed += 2 * kPanel) {
        __m512i column[kVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
            column[v] =
                _mm512_loadu_si512(packed + static_cast<std::size_t>(v / 2) * panel + (v % 2 == 0 ? 0 : 32));
        }
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            const __m512i x =
                _mm512_set1_epi32(static_cast<int>(left[static_cast<std::size_t>(i) * Order::kRow]));
#pragma GCC unroll 16
            for (int v = 0; v < kVectors; ++v) {
                acc[i][v] = _mm512_dpbf16_ps(acc[i][v], (__m512bh)x, (__m512bh)column[v]);
            }
        }
    }
}

/// Nothing to set: these instructions ignore the control register.
struct FlushScope {};
