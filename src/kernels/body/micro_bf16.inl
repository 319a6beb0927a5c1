// The parts of the bf16 products that depend on the processor, for those without an instruction for them:
// fp32 multiply-adds of widened numbers, denormals flushed. Needs tile.inl and one of pairs_*.inl before it.

/// One left factor, rounded to bfloat16 and widened.
using Left = float;
/// Depth of a block of the summed index, even: so many left factors of 264 rows (264 KB) stay in the
/// second-level cache.
constexpr std::size_t kPairDepth = 256;
/// Where the left factor of row i at position kk is: i * kRow + kk / 2 * kStep + kk % 2 * kOdd. By rows for
/// products; rows a power of two apart would fall into few sets of the cache, hence the 16. By columns for
/// gradients of weights.
struct ByRows {
    static constexpr std::size_t kRow = kPairDepth + 16;
    static constexpr std::size_t kStep = 2;
    static constexpr std::size_t kOdd = 1;
};
struct ByColumns {
    static constexpr std::size_t kWidth = 272;
    static constexpr std::size_t kRow = 1;
    static constexpr std::size_t kStep = 2 * kWidth;
    static constexpr std::size_t kOdd = kWidth;
};

/// x rounded to bfloat16 (nearest even) and widened again, denormals counting as zero.
inline Lanes round_flushed(Lanes x) { return round_bf16_lanes(flush_denormals(x)); }
/// Rounds 16 columns of two neighbouring positions and stores them as pairs.
inline void round_pairs(Lanes even, Lanes odd, std::uint16_t* packed) {
    store_pairs(packed, round_flushed(even), round_flushed(odd));
}
/// Rounds a row of left factors, by rows, with zeros up to a whole pair.
inline void round_row(const float* a, std::size_t depth, Left* left) {
    for (std::size_t kk = 0; kk < depth; kk += 16) {
        store(left + kk, round_flushed(load_some(a + kk, depth - kk)));
    }
}
/// Rounds 16 left factors of two neighbouring positions, by columns.
inline void round_column_pairs(Lanes even, Lanes odd, Left* left) {
    store(left, round_flushed(even));
    store(left + ByColumns::kOdd, round_flushed(odd));
}

/// One step of every chain of micro_pairs: for the odd or for the even position of a pair.
template <class Order, bool kIsOdd, int kRows, int kVectors>
inline __attribute__((always_inline)) void micro_half(const Left* left, const std::uint16_t* packed,
                                                      std::size_t panel, Lanes (&acc)[kRows][kVectors]) {
    const auto row = [=](int i) {
        return broadcast(left[static_cast<std::size_t>(i) * Order::kRow + (kIsOdd ? Order::kOdd : 0)]);
    };
    const auto column = [=](int v) {
        const std::uint16_t* const p =
            packed + static_cast<std::size_t>(v / 2) * panel + (v % 2 == 0 ? 0 : 32);
        return kIsOdd ? load_odd(p) : load_even(p);
    };
    // Registers hold the fewer of rows and columns.
    if constexpr (kRows < kVectors) {
        Lanes x[kRows];
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            x[i] = row(i);
        }
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
            const Lanes y = column(v);
#pragma GCC unroll 16
            for (int i = 0; i < kRows; ++i) {
                acc[i][v] = fma_flushed(x[i], y, acc[i][v]);
            }
        }
    } else {
        Lanes y[kVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
            y[v] = column(v);
        }
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            const Lanes x = row(i);
#pragma GCC unroll 16
            for (int v = 0; v < kVectors; ++v) {
                acc[i][v] = fma_flushed(x, y[v], acc[i][v]);
            }
        }
    }
}

/// acc[i][v] continues its chain over pairs of positions, the odd one of a pair first: left factor of row i
/// times the packed numbers of vector v, which are at packed[(v / 2) * panel + (v % 2) * 32 + pair * 64].
template <class Order, int kRows, int kVectors>
inline __attribute__((always_inline)) void micro_pairs(const Left* left, const std::uint16_t* packed,
                                                       std::size_t panel, std::size_t pairs,
                                                       Lanes (&acc)[kRows][kVectors]) {
    for (; pairs > 0; --pairs, left += Order::kStep, packed += 2 * kPanel) {
        micro_half<Order, true>(left, packed, panel, acc);
        micro_half<Order, false>(left, packed, panel, acc);
    }
}
