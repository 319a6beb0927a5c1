// Norms, row by row, and sums of columns.

/// A whole vector of a row, ...
struct Whole {
    Lanes get(const float* p) const { return load(p); }
    void put(float* p, Lanes x) const { store(p, x); }
    Lanes keep(Lanes next, Lanes) const { return next; }
};
/// ... and the partial one at its end: lanes beyond `count` < 16 stay as they were.
struct Part {
    std::size_t count;
    Lanes get(const float* p) const { return load_partial(p, count); }
    void put(float* p, Lanes x) const { store_partial(p, x, count); }
    Lanes keep(Lanes next, Lanes before) const { return select_lanes(next, before, 0, count); }
};

/// body(offset, Whole or Part) for every vector of a row of n floats.
template <class Body>
inline __attribute__((always_inline)) void each_vector(std::size_t n, Body body) {
    std::size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        body(i, Whole{});
    }
    if (i < n) {
        body(i, Part{n - i});
    }
}

/// sum / n, and 0 for empty rows.
inline float mean_of(float sum, std::size_t n) { return n == 0 ? 0.0F : sum / static_cast<float>(n); }

inline float sum_squares(const float* x, std::size_t n) {
    Lanes sum = zero();
    each_vector(n, [&](std::size_t i, auto part) {
        const Lanes value = part.get(x + i);
        sum = part.keep(fma(value, value, sum), sum);
    });
    return halving_sum(sum);
}

inline void rms_norm(Rows x, std::size_t rows, std::size_t n, OutRows y, float* inverse) {
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const row = x[r];
        float* const result = y[r];
        inverse[r] = 1.0F / __builtin_sqrtf(mean_of(sum_squares(row, n), n) + 1e-6F);
        const Lanes factor = broadcast(inverse[r]);
        each_vector(n,
                    [&](std::size_t i, auto part) { part.put(result + i, mul(part.get(row + i), factor)); });
    }
}

inline void rms_norm_backward(Rows dy, Rows y, const float* inverse, std::size_t rows, std::size_t n,
                              OutRows dx) {
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const slope = dy[r];
        const float* const value = y[r];
        float* const result = dx[r];
        Lanes sum = zero();
        each_vector(n, [&](std::size_t i, auto part) {
            sum = part.keep(fma(part.get(slope + i), part.get(value + i), sum), sum);
        });
        const Lanes minus_mean = broadcast(-mean_of(halving_sum(sum), n));
        const Lanes factor = broadcast(inverse[r]);
        each_vector(n, [&](std::size_t i, auto part) {
            const Lanes across = fma(part.get(value + i), minus_mean, part.get(slope + i));
            part.put(result + i, fma(factor, across, part.get(result + i)));
        });
    }
}

inline void layer_norm(Rows x, std::size_t rows, std::size_t n, const float* gain, const float* bias,
                       OutRows normal, OutRows y, float* inverse) {
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const row = x[r];
        float* const result = y[r];
        Lanes sum = zero();
        each_vector(n, [&](std::size_t i, auto part) { sum = part.keep(add(part.get(row + i), sum), sum); });
        const Lanes mean = broadcast(mean_of(halving_sum(sum), n));
        sum = zero();
        each_vector(n, [&](std::size_t i, auto part) {
            const Lanes centred = sub(part.get(row + i), mean);
            sum = part.keep(fma(centred, centred, sum), sum);
        });
        inverse[r] = 1.0F / __builtin_sqrtf(mean_of(halving_sum(sum), n) + 1e-5F);
        const Lanes factor = broadcast(inverse[r]);
        each_vector(n, [&](std::size_t i, auto part) {
            const Lanes value = mul(sub(part.get(row + i), mean), factor);
            if (normal.data != nullptr) {
                part.put(normal[r] + i, value);
            }
            part.put(result + i, fma(value, part.get(gain + i), part.get(bias + i)));
        });
    }
}

inline void layer_norm_backward(Rows dy, Rows normal, const float* inverse, const float* gain,
                                std::size_t rows, std::size_t n, OutRows dx) {
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const slope = dy[r];
        const float* const value = normal[r];
        float* const result = dx[r];
        Lanes sum = zero();
        Lanes product_sum = zero();
        each_vector(n, [&](std::size_t i, auto part) {
            const Lanes g = mul(part.get(slope + i), part.get(gain + i));
            sum = part.keep(add(g, sum), sum);
            product_sum = part.keep(fma(g, part.get(value + i), product_sum), product_sum);
        });
        const Lanes mean = broadcast(mean_of(halving_sum(sum), n));
        const Lanes minus_share = broadcast(-mean_of(halving_sum(product_sum), n));
        const Lanes factor = broadcast(inverse[r]);
        each_vector(n, [&](std::size_t i, auto part) {
            const Lanes g = mul(part.get(slope + i), part.get(gain + i));
            const Lanes across = fma(part.get(value + i), minus_share, sub(g, mean));
            part.put(result + i, mul(factor, across));
        });
    }
}

/// combine(sum, r, j, part) continues the sums of the columns from j on with row r. Four vectors at a time
/// are four chains that hide the latency of each.
template <class Combine>
inline __attribute__((always_inline)) void each_column(std::size_t rows, std::size_t n, float* g,
                                                       Combine combine) {
    std::size_t j = 0;
    for (; j + 64 <= n; j += 64) {
        Lanes sum[4] = {load(g + j), load(g + j + 16), load(g + j + 32), load(g + j + 48)};
        for (std::size_t r = 0; r < rows; ++r) {
#pragma GCC unroll 4
            for (std::size_t v = 0; v < 4; ++v) {
                sum[v] = combine(sum[v], r, j + 16 * v, Whole{});
            }
        }
#pragma GCC unroll 4
        for (std::size_t v = 0; v < 4; ++v) {
            store(g + j + 16 * v, sum[v]);
        }
    }
    each_vector(n - j, [&](std::size_t i, auto part) {
        Lanes sum = part.get(g + j + i);
        for (std::size_t r = 0; r < rows; ++r) {
            sum = combine(sum, r, j + i, part);
        }
        part.put(g + j + i, sum);
    });
}

inline void column_sums(Rows y, std::size_t rows, std::size_t n, float* g) {
    each_column(rows, n, g, [=](Lanes sum, std::size_t r, std::size_t j, auto part) {
        return add(sum, part.get(y[r] + j));
    });
}

inline void column_products(Rows x, Rows y, std::size_t rows, std::size_t n, float* g) {
    each_column(rows, n, g, [=](Lanes sum, std::size_t r, std::size_t j, auto part) {
        return fma(part.get(x[r] + j), part.get(y[r] + j), sum);
    });
}
