// Matrix products: packing, products with packed weights, gradients of weights. Needs tile.inl before it.

/// Depth of a block of the summed index: a packed panel of this depth (32 KB) stays in the first-level cache,
/// ...
constexpr std::size_t kDepth = 256;
/// ... and so many rows of it (256 KB) in the second-level cache.
constexpr std::size_t kRowBlock = 252;

inline void pack(Rows w, std::size_t k, std::size_t n, float* packed) {
    for (std::size_t first = 0; first < n; first += kPanel) {
        const std::size_t columns = least(kPanel, n - first);
        for (std::size_t kk = 0; kk < k; ++kk, packed += kPanel) {
            const float* row = w[kk] + first;
            store(packed, load_some(row, columns));
            store(packed + 16, columns > 16 ? load_some(row + 16, columns - 16) : zero());
        }
    }
}

inline void pack_transposed(Rows w, std::size_t k, std::size_t n, float* packed) {
    for (std::size_t first = 0; first < n; first += kPanel, packed += k * kPanel) {
        for (std::size_t j = 0; j < kPanel; ++j) {
            for (std::size_t kk = 0; kk < k; ++kk) {
                packed[kk * kPanel + j] = first + j < n ? w[first + j][kk] : 0.0F;
            }
        }
    }
}

/// Factors in fp32: a(i, kk) = a[i * a_row + kk * a_step], and B packed, its panels b_panel floats apart.
struct FloatFactors {
    void skip_rows(std::size_t rows) { a += rows * a_row; }
    void to_columns(std::size_t first) { b += first / kPanel * b_panel + first % kPanel; }
    template <int kRows, int kVectors>
    inline __attribute__((always_inline)) void multiply(Lanes (&acc)[kRows][kVectors]) const {
        micro_product<kRows, kVectors>(a, a_row, a_step, b, kPanel, k, acc, b_panel);
    }

    const float* a;
    std::size_t a_row;
    std::size_t a_step;
    const float* b;
    std::size_t b_panel;
    std::size_t k;
};

inline void product(Rows a, std::size_t rows, const float* packed, std::size_t k, std::size_t n,
                    ChainStart start, const float* bias, OutRows c) {
    const std::size_t row_blocks = (rows + kRowBlock - 1) / kRowBlock;
    // Few rows use every weight once, so that there is nothing to keep in a cache.
    const std::size_t depth_blocks = k == 0 || rows <= kTileRows ? 1 : (k + kDepth - 1) / kDepth;
    std::size_t row = 0;
    for (std::size_t i = 0; i < row_blocks; ++i) {
        const std::size_t height = part_of(rows, i, row_blocks);
        std::size_t kk = 0;
        for (std::size_t j = 0; j < depth_blocks; ++j) {
            const std::size_t depth = part_of(k, j, depth_blocks);
            tile_block(height, n,
                       Tile<FloatFactors>{.factors = {.a = a[row] + kk,
                                                      .a_row = a.ld,
                                                      .a_step = 1,
                                                      .b = packed + kk * kPanel,
                                                      .b_panel = k * kPanel,
                                                      .k = depth},
                                          .start = j == 0 ? start : ChainStart::accumulate,
                                          .bias = bias,
                                          .c = c[row],
                                          .ldc = c.ld,
                                          .columns = 0});
            kk += depth;
        }
        row += height;
    }
}

inline void weight_gradient(Rows x, Rows y, std::size_t rows, std::size_t k, std::size_t n, OutRows g) {
    alignas(64) float panel[kDepth * kPanel];
    const std::size_t blocks = (rows + kDepth - 1) / kDepth;
    std::size_t row = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        const std::size_t depth = part_of(rows, i, blocks);
        for (std::size_t first = 0; first < n; first += kPanel) {
            const std::size_t columns = least(kPanel, n - first);
            // Rows of y a power of two apart would fall into few sets of the cache, hence the copy.
            pack({y[row] + first, y.ld}, depth, columns, panel);
            tile_block(k, columns,
                       Tile<FloatFactors>{.factors = {.a = x[row],
                                                      .a_row = 1,
                                                      .a_step = x.ld,
                                                      .b = panel,
                                                      .b_panel = kPanel * depth,
                                                      .k = depth},
                                          .start = ChainStart::accumulate,
                                          .bias = nullptr,
                                          .c = g.data + first,
                                          .ldc = g.ld,
                                          .columns = 0});
        }
        row += depth;
    }
}
