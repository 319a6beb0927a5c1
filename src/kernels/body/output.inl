// Softmax, its gradient, and integer frequencies. Needs rows.inl before it.

/// The largest element; NaN is passed over; -infinity when there is nothing else.
inline float row_maximum(const float* x, std::size_t n) {
    Lanes most = broadcast(-__builtin_inff());
    each_vector(n, [&](std::size_t i, auto part) { most = part.keep(max(part.get(x + i), most), most); });
    return halving_max(most);
}

/// 2^((x - maximum) log2(e)).
inline Lanes numerator(Lanes x, Lanes maximum) {
    return exp2_lanes(mul(sub(x, maximum), broadcast(1.4426950408889634F)));
}

inline void softmax_numerators(Rows x, std::size_t rows, std::size_t n, OutRows e, float* total) {
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const row = x[r];
        float* const result = e[r];
        const Lanes maximum = broadcast(row_maximum(row, n));
        Lanes sum = zero();
        each_vector(n, [&](std::size_t i, auto part) {
            const Lanes value = numerator(part.get(row + i), maximum);
            part.put(result + i, value);
            sum = part.keep(add(value, sum), sum);
        });
        total[r] = halving_sum(sum);
    }
}

inline void cross_entropy_backward(Rows e, const float* total, const std::uint32_t* targets, float factor,
                                   std::size_t rows, std::size_t n, OutRows dx) {
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const row = e[r];
        float* const result = dx[r];
        const Lanes share = broadcast(factor / total[r]);
        each_vector(n,
                    [&](std::size_t i, auto part) { part.put(result + i, mul(part.get(row + i), share)); });
        result[targets[r]] = result[targets[r]] - factor;
    }
}

inline void frequencies(Rows x, std::size_t rows, std::size_t n, RowsView<std::uint32_t> frequency) {
    const Lanes most = broadcast(16777215.0F);  // 2^24 - 1
    for (std::size_t r = 0; r < rows; ++r) {
        const float* const row = x[r];
        std::uint32_t* const result = frequency[r];
        const Lanes maximum = broadcast(row_maximum(row, n));
        for (std::size_t i = 0; i < n; i += 16) {
            const std::size_t count = least(16, n - i);
            // NaN and infinite differences come out of 2^x as numbers up to 2^127: bounded here, whatever the
            // network said.
            const Lanes share = min(numerator(load_some(row + i, count), maximum), broadcast(1.0F));
            store_integers_plus_one(result + i, mul(share, most), count);
        }
    }
}
