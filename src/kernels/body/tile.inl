// Register tiles of products: which rows and columns go together, how their chains start, where they end.
// Needs one of lanes_*.inl before it.
//
// A tile's factors are a type with three functions: skip_rows(rows) moves on to the rows below,
// to_columns(first) from column 0 to `first`, a multiple of 16, and multiply(acc) continues the chains of
// [kRows][kVectors] Lanes.

inline std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
/// The size of part i when a total is cut into nearly equal parts. One part, the usual case where one row is
/// multiplied, needs no division: one takes as long as a dozen vector multiplications.
inline std::size_t part_of(std::size_t total, std::size_t i, std::size_t parts) {
    return parts == 1 ? total : (total + i) / parts;
}
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

/// One register tile of C = start + the product of the factors.
template <class Factors>
struct Tile {
    Factors factors;
    ChainStart start;
    const float* bias;
    float* c;
    std::size_t ldc;
    std::size_t columns;  // more than 16 (kVectors - 1), at most 16 kVectors
};

template <int kVectors, int kRows, class Factors>
__attribute__((noinline)) void fixed_tile(const Tile<Factors>& tile) {
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
    tile.factors.multiply(acc);
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
template <int kVectors, int kRows, class Factors>
inline void tile_of_rows(std::size_t rows, const Tile<Factors>& tile) {
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
template <int kVectors, class Factors>
inline void tile_column(std::size_t rows, Tile<Factors> tile) {
    if constexpr (most_rows<kVectors>() > 0) {
        const std::size_t tiles = (rows + kTileRows - 1) / kTileRows;
        for (std::size_t i = 0; i < tiles; ++i) {
            const std::size_t height = part_of(rows, i, tiles);
            tile_of_rows<kVectors, most_rows<kVectors>()>(height, tile);
            tile.factors.skip_rows(height);
            tile.c += height * tile.ldc;
        }
    }
}

/// All rows and columns of a block.
template <class Factors>
inline void tile_block(std::size_t rows, std::size_t n, Tile<Factors> tile) {
    if (rows == 0) {
        return;
    }
    const Factors factors = tile.factors;
    const float* const bias = tile.bias;
    float* const c = tile.c;
    for (std::size_t first = 0; first < n;) {
        // Few rows are spread over many vectors.
        std::size_t vectors = rows <= 3 ? kTileVectorsOfRows[rows - 1] : kTileVectors;
        while (16 * (vectors - 1) >= n - first) {
            vectors /= 2;
        }
        tile.factors = factors;
        tile.factors.to_columns(first);
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
