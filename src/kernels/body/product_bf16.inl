// Products of numbers rounded to bfloat16, summed in fp32. Needs one of micro_bf16*.inl before it.

/// Rows of left factors that are rounded at a time, a multiple of every tile's height.
constexpr std::size_t kPairRows = 264;
/// Columns of the right factors that gradients of weights pack at a time: 512 contiguous bytes of every row,
/// since rows may be pages apart.
constexpr std::size_t kColumnBlock = 128;
constexpr std::size_t kLeftSize = kPairRows * ByRows::kRow;
static_assert(kPairDepth / 2 * ByColumns::kStep <= kLeftSize && kPairRows <= ByColumns::kWidth);

inline std::size_t pairs_of(std::size_t k) { return (k + 1) / 2; }

/// Packs rows 2 i and 2 i + 1 of W [k, n] as row i of panels that lie `panel` numbers apart.
inline void pack_panels(const float* w, std::size_t ldw, std::size_t k, std::size_t n, std::uint16_t* packed,
                        std::size_t panel) {
    for (std::size_t kk = 0; kk < k; kk += 2, w += 2 * ldw, packed += 2 * kPanel) {
        std::uint16_t* to = packed;
        for (std::size_t first = 0; first < n; first += kPanel, to += panel) {
            const float* const row = w + first;
            if (n - first >= kPanel && kk + 1 < k) {
                round_pairs(load(row), load(row + ldw), to);
                round_pairs(load(row + 16), load(row + ldw + 16), to + 32);
                continue;
            }
            for (std::size_t half = 0; half < kPanel; half += 16) {
                const std::size_t left = n - first > half ? n - first - half : 0;
                const Lanes even = left > 0 ? load_some(row + half, left) : zero();
                const Lanes odd = left > 0 && kk + 1 < k ? load_some(row + ldw + half, left) : zero();
                round_pairs(even, odd, to + 2 * half);
            }
        }
    }
}

inline void pack_bf16(Rows w, std::size_t k, std::size_t n, std::uint16_t* packed) {
    pack_panels(w.data, w.ld, k, n, packed, pairs_of(k) * 2 * kPanel);
}

inline void pack_transposed_bf16(Rows w, std::size_t k, std::size_t n, std::uint16_t* packed) {
    const std::size_t pairs = pairs_of(k);
    for (std::size_t first = 0; first < (n + kPanel - 1) / kPanel * kPanel; first += 16) {
        std::uint16_t* const half = packed + first / kPanel * pairs * 2 * kPanel + first % kPanel * 2;
        for (std::size_t kk = 0; kk < k; kk += 16) {
            Lanes block[16];  // rows of W, then columns of the result
            for (std::size_t j = 0; j < 16; ++j) {
                block[j] = first + j < n ? load_some(w[first + j] + kk, k - kk) : zero();
            }
            transpose_lanes(block);
            for (std::size_t i = 0; i < least(8, pairs - kk / 2); ++i) {
                round_pairs(block[2 * i], block[2 * i + 1], half + (kk / 2 + i) * 2 * kPanel);
            }
        }
    }
}

/// Rounded left factors in one of the two orders, and packed pairs, whose panels lie `panel` numbers apart.
template <class Order>
struct PairFactors {
    void skip_rows(std::size_t rows) { left += rows * Order::kRow; }
    void to_columns(std::size_t first) { packed += first / kPanel * panel + first % kPanel * 2; }
    template <int kRows, int kVectors>
    inline __attribute__((always_inline)) void multiply(Lanes (&acc)[kRows][kVectors]) const {
        micro_pairs<Order>(left, packed, panel, pairs, acc);
    }

    const Left* left;
    const std::uint16_t* packed;
    std::size_t panel;
    std::size_t pairs;
};

inline void product_bf16(Rows a, std::size_t rows, const std::uint16_t* packed, std::size_t k, std::size_t n,
                         ChainStart start, const float* bias, OutRows c) {
    [[maybe_unused]] const FlushScope scope;
    alignas(64) Left left[kLeftSize];
    const std::size_t row_blocks = (rows + kPairRows - 1) / kPairRows;
    const std::size_t depth_blocks = k == 0 ? 1 : (k + kPairDepth - 1) / kPairDepth;
    std::size_t row = 0;
    for (std::size_t i = 0; i < row_blocks; ++i) {
        const std::size_t height = part_of(rows, i, row_blocks);
        std::size_t pair = 0;
        for (std::size_t j = 0; j < depth_blocks; ++j) {
            const std::size_t pairs = part_of(pairs_of(k), j, depth_blocks);
            for (std::size_t r = 0; r < height; ++r) {
                round_row(a[row + r] + 2 * pair, least(2 * pairs, k - 2 * pair), left + r * ByRows::kRow);
            }
            tile_block(height, n,
                       Tile<PairFactors<ByRows>>{.factors = {.left = left,
                                                             .packed = packed + pair * 2 * kPanel,
                                                             .panel = pairs_of(k) * 2 * kPanel,
                                                             .pairs = pairs},
                                                 .start = j == 0 ? start : ChainStart::accumulate,
                                                 .bias = bias,
                                                 .c = c[row],
                                                 .ldc = c.ld,
                                                 .columns = 0});
            pair += pairs;
        }
        row += height;
    }
}

/// Rounds the columns of X [depth, columns], columns <= kPairRows, as left factors by columns.
inline void round_columns(const float* x, std::size_t ldx, std::size_t depth, std::size_t columns,
                          Left* left) {
    for (std::size_t r = 0; r < depth; r += 2, left += ByColumns::kStep) {
        const float* const row = x + r * ldx;
        for (std::size_t i = 0; i < columns; i += 16) {
            round_column_pairs(load_some(row + i, columns - i),
                               r + 1 < depth ? load_some(row + ldx + i, columns - i) : zero(), left + i);
        }
    }
}

inline void weight_gradient_bf16(Rows x, Rows y, std::size_t rows, std::size_t k, std::size_t n, OutRows g) {
    [[maybe_unused]] const FlushScope scope;
    alignas(64) Left left[kLeftSize];
    alignas(64) std::uint16_t packed[kPairDepth * kColumnBlock];
    const std::size_t row_blocks = (rows + kPairDepth - 1) / kPairDepth;
    const std::size_t k_blocks = (k + kPairRows - 1) / kPairRows;
    std::size_t pair = 0;
    for (std::size_t i = 0; i < row_blocks; ++i) {
        const std::size_t pairs = part_of(pairs_of(rows), i, row_blocks);
        const std::size_t depth = least(2 * pairs, rows - 2 * pair);
        std::size_t kk = 0;
        for (std::size_t j = 0; j < k_blocks; ++j) {
            const std::size_t height = part_of(k, j, k_blocks);
            round_columns(x[2 * pair] + kk, x.ld, depth, height, left);
            for (std::size_t first = 0; first < n; first += kColumnBlock) {
                const std::size_t columns = least(kColumnBlock, n - first);
                const std::size_t panel = pairs * 2 * kPanel;
                pack_panels(y[2 * pair] + first, y.ld, depth, columns, packed, panel);
                tile_block(height, columns,
                           Tile<PairFactors<ByColumns>>{
                               .factors = {.left = left, .packed = packed, .panel = panel, .pairs = pairs},
                               .start = ChainStart::accumulate,
                               .bias = nullptr,
                               .c = g[kk] + first,
                               .ldc = g.ld,
                               .columns = 0});
            }
            kk += height;
        }
        pair += pairs;
    }
}
