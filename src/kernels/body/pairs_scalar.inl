// Pairs of bfloat16 numbers as sixteen lanes: rounding, packing, widening. Needs lanes_scalar.inl before it.

inline float flush_denormal(float x) {
    return float_of((bits_of(x) & 0x7F800000U) != 0U ? bits_of(x) : bits_of(x) & 0x80000000U);
}
/// Denormal numbers become zeros of their sign.
inline Lanes flush_denormals(const Lanes& x) {
    return each_lane([&](std::size_t i) { return flush_denormal(x.lane[i]); });
}
/// Stores the 16 pairs (even, odd), both being widened bfloat16 numbers: 32 of them, the even one first.
inline void store_pairs(std::uint16_t* p, const Lanes& even, const Lanes& odd) {
    for (std::size_t i = 0; i < 16; ++i) {
        p[2 * i] = static_cast<std::uint16_t>(bits_of(even.lane[i]) >> 16);
        p[2 * i + 1] = static_cast<std::uint16_t>(bits_of(odd.lane[i]) >> 16);
    }
}
/// The even and the odd elements of 16 pairs, widened.
inline Lanes load_even(const std::uint16_t* p) {
    return each_lane([=](std::size_t i) { return float_of(static_cast<std::uint32_t>(p[2 * i]) << 16); });
}
inline Lanes load_odd(const std::uint16_t* p) {
    return each_lane([=](std::size_t i) { return float_of(static_cast<std::uint32_t>(p[2 * i + 1]) << 16); });
}

/// a * b + c, rounded once; denormal inputs count as zero, and so do results that are tiny after rounding,
/// that is, whose magnitude, rounded to 24 bits with an unbounded exponent, is below 2^-126.
///
/// Below 2^-126 the denormal numbers are 2^-149 apart, so a result that fmaf puts there lies at or below
/// 2^-126 - 2^-150 (a tie would have gone to 2^-126, the even neighbour): tiny. A result of 2^-126 may come
/// from either side. The same sum 64 binary places higher is rounded as if the exponent had no bound, which
/// decides; it is exact in all else: products of 8-bit significands have 16 bits, so a and c that cancel to
/// 2^-126 are far too small to overflow.
inline Lanes fma_flushed(Lanes a, Lanes b, Lanes c) {
    a = flush_denormals(a);
    b = flush_denormals(b);
    c = flush_denormals(c);
    const Lanes result = fma(a, b, c);
    Lanes flushed = flush_denormals(result);
    std::uint32_t doubtful = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        doubtful |= static_cast<std::uint32_t>((bits_of(result.lane[i]) & 0x7FFFFFFFU) == 0x00800000U);
    }
    if (doubtful != 0U) {
        constexpr float kUp = 0x1p64F;
        for (std::size_t i = 0; i < 16; ++i) {
            const float higher = __builtin_fmaf(a.lane[i] * kUp, b.lane[i], c.lane[i] * kUp);
            if ((bits_of(result.lane[i]) & 0x7FFFFFFFU) == 0x00800000U &&
                __builtin_fabsf(higher) < 0x1p-62F) {
                flushed.lane[i] = float_of(bits_of(result.lane[i]) & 0x80000000U);
            }
        }
    }
    return flushed;
}
/// Nothing to set: fma_flushed does all by itself, which ARM's own flushing (tiny before rounding) could not.
struct FlushScope {};
