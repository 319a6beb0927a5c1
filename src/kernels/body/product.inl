// Matrix products: packing, products with packed weights, gradients of weights, sums of columns.

/// Depth of a block of the summed index: a packed panel of this depth (32 KB) stays in the first-level cache,
/// ...
constexpr std::size_t kDepth = 256;
/// ... and so many rows of it (256 KB) in the second-level cache.
constexpr std::size_t kRowBlock = 252;

inline std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
/// Load and store of the first `count` floats, 16 or more meaning all.
inline Lanes load_some(const float* p, std::size_t count) {
    return count >= 16 ? load(p) : load_partial(p, count);
}
inline void store_some(float* p, Lanes x, std::size_t count) {
    if (count >= 16) {
        store(p, x);
    } else {
        store_partial(p, x, count);
    }
}

inline void pack(const float* w, std::size_t ldw, std::size_t k, std::size_t n, float* packed) {
    for (std::size_t first = 0; first < n; first += kPanel) {
        const std::size_t columns = least(kPanel, n - first);
        for (std::size_t kk = 0; kk < k; ++kk, packed += kPanel) {
            const float* row = w + kk * ldw + first;
            store(packed, load_some(row, columns));
            store(packed + 16, columns > 16 ? load_some(row + 16, columns - 16) : zero());
        }
    }
}

inline void pack_transposed(const float* w, std::size_t ldw, std::size_t k, std::size_t n, float* packed) {
    for (std::size_t first = 0; first < n; first += kPanel, packed += k * kPanel) {
        for (std::size_t j = 0; j < kPanel; ++j) {
            for (std::size_t kk = 0; kk < k; ++kk) {
                packed[kk * kPanel + j] = first + j < n ? w[(first + j) * ldw + kk] : 0.0F;
            }
        }
    }
}

/// One register tile of C = start + A B, in the terms of micro_product.
struct Tile {
    const float* a;
    std::size_t a_row;
    std::size_t a_step;
    const float* b;
    std::size_t b_step;
    std::size_t b_pair;
    std::size_t k;
    ChainStart start;
    const float* bias;
    float* c;
    std::size_t ldc;
    std::size_t columns;  // more than 16 (kVectors - 1), at most 16 kVectors
};

template <int kVectors, int kRows>
__attribute__((noinline)) void fixed_tile(const Tile& tile) {
    Lanes acc[kRows][kVectors];
    const std::size_t last = tile.columns - 16 * (kVectors - 1);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
        const std::size_t count = v + 1 < kVectors ? 16 : last;
        if (tile.start == ChainStart::accumulate) {
#pragma GCC unroll 16
            for (int i = 0; i < kRows; ++i) {
                acc[i][v] = load_some(tile.c + static_cast<std::size_t>(i) * tile.ldc + 16 * v, count);
            }
        } else {
            const Lanes first =
                tile.start == ChainStart::bias ? load_some(tile.bias + 16 * v, count) : zero();
#pragma GCC unroll 16
            for (int i = 0; i < kRows; ++i) {
                acc[i][v] = first;
            }
        }
    }
    micro_product<kRows, kVectors>(tile.a, tile.a_row, tile.a_step, tile.b, tile.b_step, tile.k, acc,
                                   tile.b_pair);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
            store_some(tile.c + static_cast<std::size_t>(i) * tile.ldc + 16 * v, acc[i][v],
                       v + 1 < kVectors ? 16 : last);
        }
    }
}

/// fixed_tile for 1 <= rows <= kRows.
template <int kVectors, int kRows>
inline void tile_of_rows(std::size_t rows, const Tile& tile) {
    if constexpr (kRows > 1) {
        if (rows < static_cast<std::size_t>(kRows)) {
            tile_of_rows<kVectors, kRows - 1>(rows, tile);
            return;
        }
    }
    fixed_tile<kVectors, kRows>(tile);
}

/// Most rows for which tiles of so many vectors are used; 0 when never.
template <int kVectors>
constexpr int most_rows() {
    int rows = 0;
    if (kVectors <= static_cast<int>(kTileVectors)) {
        rows = kTileRows;
    } else {
        while (rows < 3 && kVectors <= static_cast<int>(kTileVectorsOfRows[rows])) {
            ++rows;
        }
    }
    return rows;
}

/// Tiles of kVectors vectors down all rows, cut into nearly equal heights.
template <int kVectors>
inline void tile_column(std::size_t rows, Tile tile) {
    if constexpr (most_rows<kVectors>() > 0) {
        const std::size_t tiles = (rows + kTileRows - 1) / kTileRows;
        for (std::size_t i = 0; i < tiles; ++i) {
            const std::size_t height = (rows + i) / tiles;
            tile_of_rows<kVectors, most_rows<kVectors>()>(height, tile);
            tile.a += height * tile.a_row;
            tile.c += height * tile.ldc;
        }
    }
}

/// All rows and columns of a block; its panels lie tile.b_pair floats apart.
inline void tile_block(std::size_t rows, std::size_t n, Tile tile) {
    if (rows == 0) {
        return;
    }
    const float* const b = tile.b;
    const float* const bias = tile.bias;
    float* const c = tile.c;
    for (std::size_t first = 0; first < n;) {
        // Few rows are spread over many vectors.
        std::size_t vectors = rows <= 3 ? kTileVectorsOfRows[rows - 1] : kTileVectors;
        while (16 * (vectors - 1) >= n - first) {
            vectors /= 2;
        }
        tile.b = b + first / kPanel * tile.b_pair + first % kPanel;
        tile.bias = tile.start == ChainStart::bias ? bias + first : nullptr;
        tile.c = c + first;
        tile.columns = least(16 * vectors, n - first);
        if (vectors == 8) {
            tile_column<8>(rows, tile);
        } else if (vectors == 4) {
            tile_column<4>(rows, tile);
        } else if (vectors == 2) {
            tile_column<2>(rows, tile);
        } else {
            tile_column<1>(rows, tile);
        }
        first += 16 * vectors;
    }
}

inline void product(const float* a, std::size_t lda, std::size_t rows, const float* packed, std::size_t k,
                    std::size_t n, ChainStart start, const float* bias, float* c, std::size_t ldc) {
    const std::size_t row_blocks = (rows + kRowBlock - 1) / kRowBlock;
    // Few rows use every weight once, so that there is nothing to keep in a cache.
    const std::size_t depth_blocks = k == 0 || rows <= kTileRows ? 1 : (k + kDepth - 1) / kDepth;
    std::size_t row = 0;
    for (std::size_t i = 0; i < row_blocks; ++i) {
        const std::size_t height = (rows + i) / row_blocks;
        std::size_t kk = 0;
        for (std::size_t j = 0; j < depth_blocks; ++j) {
            const std::size_t depth = (k + j) / depth_blocks;
            tile_block(height, n,
                       {.a = a + row * lda + kk,
                        .a_row = lda,
                        .a_step = 1,
                        .b = packed + kk * kPanel,
                        .b_step = kPanel,
                        .b_pair = k * kPanel,
                        .k = depth,
                        .start = j == 0 ? start : ChainStart::accumulate,
                        .bias = bias,
                        .c = c + row * ldc,
                        .ldc = ldc,
                        .columns = 0});
            kk += depth;
        }
        row += height;
    }
}

inline void weight_gradient(const float* x, std::size_t ldx, const float* y, std::size_t ldy,
                            std::size_t rows, std::size_t k, std::size_t n, float* g, std::size_t ldg) {
    alignas(64) float panel[kDepth * kPanel];
    const std::size_t blocks = (rows + kDepth - 1) / kDepth;
    std::size_t row = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        const std::size_t depth = (rows + i) / blocks;
        for (std::size_t first = 0; first < n; first += kPanel) {
            const std::size_t columns = least(kPanel, n - first);
            // Rows of y a power of two apart would fall into few sets of the cache, hence the copy.
            pack(y + row * ldy + first, ldy, depth, columns, panel);
            tile_block(k, columns,
                       {.a = x + row * ldx,
                        .a_row = 1,
                        .a_step = ldx,
                        .b = panel,
                        .b_step = kPanel,
                        .b_pair = kPanel * depth,
                        .k = depth,
                        .start = ChainStart::accumulate,
                        .bias = nullptr,
                        .c = g + first,
                        .ldc = ldg,
                        .columns = 0});
        }
        row += depth;
    }
}
