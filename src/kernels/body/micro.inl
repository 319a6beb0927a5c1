// Building blocks that products and attention share: the register tile and 2^x. Needs one of lanes_*.inl
// before it.

/// acc[i][v] continues the chains acc + a(i, kk) * b(kk, v) over kk ascending, with a(i, kk) = a[i * a_row +
/// kk * a_step] broadcast and b(kk, v) = the 16 floats at b[kk * b_step + 16 v]; or, where vectors reach
/// across packed panels, at b[kk * b_step + (v / 2) * b_pair + (v % 2) * 16]. kRows * kVectors accumulators
/// stay in registers.
template <int kRows, int kVectors>
inline __attribute__((always_inline)) void micro_product(const float* a, std::size_t a_row,
                                                         std::size_t a_step, const float* b,
                                                         std::size_t b_step, std::size_t k,
                                                         Lanes (&acc)[kRows][kVectors],
                                                         std::size_t b_pair = 32) {
    for (std::size_t kk = 0; kk < k; ++kk) {
        Lanes column[kVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
            column[v] =
                load(b + kk * b_step + static_cast<std::size_t>(v / 2) * b_pair + (v % 2 == 0 ? 0 : 16));
        }
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            const Lanes x = broadcast(a[static_cast<std::size_t>(i) * a_row + kk * a_step]);
#pragma GCC unroll 16
            for (int v = 0; v < kVectors; ++v) {
                acc[i][v] = fma(x, column[v], acc[i][v]);
            }
        }
    }
}

/// 2^x, relative error below 2^-22; the argument is bounded to [-126, 127] and NaN gives 2^127. x = n + f
/// with n the nearest integer (the magic constant 1.5 * 2^23 rounds to even) and f in [-1/2, 1/2]; 2^f = sum
/// of (f ln 2)^i / i! to degree 6, whose remainder (ln 2 / 2)^7 / 7! = 1.2e-7 is at most 1.7e-7 of 2^f >=
/// 0.707; with the rounding of the last step that stays below 2^-22 = 2.4e-7.
inline Lanes exp2_lanes(Lanes x) {
    x = max(min(x, broadcast(127.0F)), broadcast(-126.0F));
    const Lanes magic = broadcast(12582912.0F);
    const Lanes n = sub(add(x, magic), magic);
    const Lanes f = sub(x, n);
    Lanes p = broadcast(1.5403530393381608e-4F);       // ln2^6 / 6!
    p = fma(p, f, broadcast(1.3333558146428443e-3F));  // ln2^5 / 5!
    p = fma(p, f, broadcast(9.6181291076284772e-3F));  // ln2^4 / 4!
    p = fma(p, f, broadcast(5.5504108664821580e-2F));  // ln2^3 / 3!
    p = fma(p, f, broadcast(2.4022650695910071e-1F));  // ln2^2 / 2!
    p = fma(p, f, broadcast(6.9314718055994531e-1F));  // ln2
    p = fma(p, f, broadcast(1.0F));
    return shift_exponent(p, n);
}
