// What the attention kernels share: tiles of 16 queries by 16 or 32 keys, copies of keys and values in the
// tiles' order.
//
// Scores and their gradients run their lanes over keys, so K and V are transposed once into tiles [keys /
// 32][D][32]; sums over keys run their lanes over the head width. A tile's numbers stay in the first-level
// cache, register tiles of 8 x 2 vectors need 10 loads for 16 multiply-adds, and nothing of size T x T
// exists.

constexpr std::size_t kQueryTile = 16;
constexpr std::size_t kKeyTile = 32;
/// Distance between the rows of a tile of scores.
constexpr std::size_t kTileStride = kKeyTile;

/// Rows of a register tile that is kVectors wide: 16 of 32 accumulators' registers for AVX-512, 8 of 16 for
/// AVX2.
template <int kVectors>
constexpr int kAttentionRows = (alignof(Lanes) == 64 ? 16 : 4) / kVectors;

template <int kRows, int kVectors>
inline __attribute__((always_inline)) void clear(Lanes (&acc)[kRows][kVectors]) {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
            acc[i][v] = zero();
        }
    }
}
template <int kRows, int kVectors>
inline __attribute__((always_inline)) void load_tile(const float* from, std::size_t ld,
                                                     Lanes (&acc)[kRows][kVectors]) {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
            acc[i][v] = load(from + static_cast<std::size_t>(i) * ld + 16 * static_cast<std::size_t>(v));
        }
    }
}
template <int kRows, int kVectors>
inline __attribute__((always_inline)) void store_tile(float* to, std::size_t ld,
                                                      const Lanes (&acc)[kRows][kVectors]) {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
            store(to + static_cast<std::size_t>(i) * ld + 16 * static_cast<std::size_t>(v), acc[i][v]);
        }
    }
}

/// Key rows begin .. end-1.
struct KeyRange {
    std::size_t begin;
    std::size_t end;
};

/// Up to 16 consecutive queries of one head; rows past `count` see what the last one sees, and their results
/// are dropped.
struct QueryTile {
    std::size_t row;    ///< key row of the first query
    std::size_t count;  ///< 1 .. 16
    std::size_t window;

    KeyRange keys_of(std::size_t i) const {
        const std::size_t end = row + (i < count ? i : count - 1) + 1;
        return {end > window ? end - window : 0, end};
    }
    /// The union of all queries' keys.
    KeyRange keys() const { return {keys_of(0).begin, row + count}; }
    /// Whether all queries see all of key rows begin .. end-1.
    bool all_see(std::size_t begin, std::size_t end) const {
        return begin >= keys_of(count - 1).begin && end <= row + 1;
    }
};

/// The part of a range within the 16 key rows from `from` on, counted from there.
inline __attribute__((always_inline)) KeyRange lanes_of(KeyRange range, std::size_t from) {
    const std::size_t begin = range.begin > from ? range.begin - from : 0;
    const std::size_t end = range.end > from ? range.end - from : 0;
    const std::size_t last = end < 16 ? end : 16;
    return {begin < last ? begin : last, last};
}
/// Zero in the lanes (key rows from .. from+15) outside the range.
inline __attribute__((always_inline)) Lanes keep_visible(Lanes x, KeyRange range, std::size_t from) {
    const KeyRange lanes = lanes_of(range, from);
    return keep_lanes(x, lanes.begin, lanes.end);
}

/// Calls tile(from, number of vectors) for the steps of 16 or 32 key rows, aligned to as many, that cover the
/// range.
template <class Tile>
inline __attribute__((always_inline)) void for_key_tiles(KeyRange range, Tile&& tile) {
    for (std::size_t from = range.begin / 16 * 16; from < range.end;) {
        const bool pair = from % kKeyTile == 0 && from + 16 < range.end;
        tile(from, pair ? 2 : 1);
        from += pair ? 32 : 16;
    }
}

/// finish(i, vectors of row i) for the chains over d of left [D, 16 rows] and right [D, 32 keys].
template <int kVectors, class Finish>
inline __attribute__((always_inline)) void tile_products(const float* left, const float* right, std::size_t d,
                                                         Finish&& finish) {
    constexpr int kRows = kAttentionRows<kVectors>;
    for (std::size_t row = 0; row < kQueryTile; row += kRows) {
        Lanes acc[kRows][kVectors];
        clear(acc);
        micro_product<kRows, kVectors>(left + row, 1, kQueryTile, right, kKeyTile, d, acc);
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            finish(row + static_cast<std::size_t>(i), acc[i]);
        }
    }
}

template <int kVectors>
inline __attribute__((always_inline)) void sum_over_keys_block(const float* p, const float* rows,
                                                               std::size_t d, std::size_t keys, float* sums) {
    constexpr int kRows = kAttentionRows<kVectors>;
    for (std::size_t row = 0; row < kQueryTile; row += kRows) {
        Lanes acc[kRows][kVectors];
        load_tile(sums + row * d, d, acc);
        micro_product<kRows, kVectors>(p + row * kTileStride, kTileStride, 1, rows, d, keys, acc);
        store_tile(sums + row * d, d, acc);
    }
}
/// sums [16, D] continues its chains over keys of p [16, keys] times rows [keys, D].
inline void sum_over_keys(const float* p, const float* rows, std::size_t d, std::size_t keys, float* sums) {
    std::size_t column = 0;
    for (; column + 32 <= d; column += 32) {
        sum_over_keys_block<2>(p, rows + column, d, keys, sums + column);
    }
    if (column < d) {
        sum_over_keys_block<1>(p, rows + column, d, keys, sums + column);
    }
}

/// sums [D, 32 keys] continues its chains over 16 queries of rows [16, D] times p [16, 32 keys].
template <int kVectors>
inline __attribute__((always_inline)) void sum_over_queries(const float* rows, const float* p, std::size_t d,
                                                            float* sums) {
    constexpr int kRows = kAttentionRows<2>;
    for (std::size_t column = 0; column < d; column += kRows) {
        Lanes acc[kRows][kVectors];
        load_tile(sums + column * kKeyTile, kKeyTile, acc);
        micro_product<kRows, kVectors>(rows + column, 1, d, p, kTileStride, kQueryTile, acc);
        store_tile(sums + column * kKeyTile, kKeyTile, acc);
    }
}

/// Asks for rows [count, D] before they are needed: they lie apart, so that the processor does not guess
/// them. Measured without: a fifth of the time of the attention of sequences that are not in the second-level
/// cache.
inline void fetch_rows(const float* from, std::size_t ld, std::size_t count, std::size_t d) {
    for (std::size_t row = 0; row < count; ++row) {
        for (std::size_t column = 0; column < d; column += 16) {
            __builtin_prefetch(from + row * ld + column);
        }
    }
}
/// Rows that are asked for ahead while rows are copied one after the other.
constexpr std::size_t kFetchRows = 32;

/// to [D, ldt] = the transpose of up to 16 rows [count, D], zero in the columns beyond.
inline void transpose_rows(const float* from, std::size_t ld, std::size_t count, std::size_t d, float* to,
                           std::size_t ldt) {
    for (std::size_t column = 0; column < d; column += 16) {
        Lanes block[16];
        if (count == 16) {
#pragma GCC unroll 16
            for (std::size_t i = 0; i < 16; ++i) {
                block[i] = load(from + i * ld + column);
            }
        } else {
#pragma GCC unroll 16
            for (std::size_t i = 0; i < 16; ++i) {
                block[i] = i < count ? load(from + i * ld + column) : zero();
            }
        }
        transpose_lanes(block);
#pragma GCC unroll 16
        for (std::size_t i = 0; i < 16; ++i) {
            store(to + (column + i) * ldt, block[i]);
        }
    }
}
/// to [rows / 32 rounded up][D][32] = the transpose of from [rows, D], zero beyond.
inline void transpose_keys(const float* from, std::size_t ld, std::size_t rows, std::size_t d, float* to) {
    for (std::size_t row = 0; row < (rows + 31) / 32 * 32; row += 16) {
        const std::size_t left = row < rows ? rows - row : 0;
        if (left > kFetchRows) {
            fetch_rows(from + (row + kFetchRows) * ld, ld, left - kFetchRows < 16 ? left - kFetchRows : 16,
                       d);
        }
        transpose_rows(left > 0 ? from + row * ld : from, ld, left < 16 ? left : 16, d,
                       to + row / 32 * 32 * d + row % 32, kKeyTile);
    }
}
/// to [rows, D] = the transpose back of from [rows / 32 rounded up][D][32]; zeros become positive.
inline void untranspose_keys(const float* from, std::size_t rows, std::size_t d, float* to, std::size_t ld) {
    for (std::size_t row = 0; row < rows; row += 16) {
        const std::size_t count = rows - row < 16 ? rows - row : 16;
        for (std::size_t column = 0; column < d; column += 16) {
            Lanes block[16];
            const float* const tile = from + row / 32 * 32 * d + row % 32 + column * kKeyTile;
#pragma GCC unroll 16
            for (std::size_t i = 0; i < 16; ++i) {
                block[i] = add(load(tile + i * kKeyTile), zero());
            }
            transpose_lanes(block);
#pragma GCC unroll 16
            for (std::size_t i = 0; i < 16; ++i) {
                if (i < count) {
                    store(to + (row + i) * ld + column, block[i]);
                }
            }
        }
    }
}
/// Copies rows [count, D]; rows up to `padded` become zero.
inline void copy_rows(const float* from, std::size_t ld, std::size_t count, std::size_t padded, std::size_t d,
                      float* to) {
    for (std::size_t row = 0; row < count; ++row) {
        for (std::size_t column = 0; column < d; column += 16) {
            store(to + row * d + column, load(from + row * ld + column));
        }
    }
    for (std::size_t i = count * d; i < padded * d; i += 16) {
        store(to + i, zero());
    }
}

/// Hands out consecutive pieces of scratch memory that begin on cache lines; without memory it only counts.
struct Pieces {
    float* base;
    std::size_t used = 0;

    float* take(std::size_t floats) {
        float* const piece = base == nullptr ? nullptr : base + used;
        used += (floats + 15) / 16 * 16;
        return piece;
    }
};
/// The first cache line within scratch memory, which holds 16 floats more than the pieces need.
inline float* first_line(float* scratch) {
    return scratch + (64 - reinterpret_cast<std::uintptr_t>(scratch) % 64) % 64 / sizeof(float);
}
