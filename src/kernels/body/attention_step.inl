// One query of each stream against the ring-buffer caches, with the bits of attention_forward. Needs
// attention_tiles.inl and one of pairs_*.inl before it.
//
// A query's values are one chain over its keys, and a stream has few such chains: heads of one stream that
// share keys, and further key-value heads and streams ("units") run side by side.

/// What one step sees: positions begin .. end-1, in `groups` groups of 16 slots from the group of `begin` on.
struct StepWindow {
    std::uint64_t begin;
    std::uint64_t end;
    std::size_t groups;
    std::size_t first_group;  ///< index of the first group within the ring
    std::size_t ring_groups;
};
inline StepWindow step_window(const AttentionShape& shape, std::size_t ring, std::uint64_t position,
                              std::uint64_t oldest) {
    const std::uint64_t end = position + 1;
    const std::uint64_t reach = end > shape.window ? end - shape.window : 0;
    const std::uint64_t begin = reach > oldest ? reach : oldest;
    const std::size_t ring_groups = ring / 16;
    return {begin, end, static_cast<std::size_t>(position / 16 - begin / 16 + 1),
            static_cast<std::size_t>(begin / 16 % ring_groups), ring_groups};
}
/// Index within the ring of the window's i-th group.
inline std::size_t ring_group(const StepWindow& window, std::size_t i) {
    const std::size_t group = window.first_group + i;
    return group < window.ring_groups ? group : group - window.ring_groups;
}
/// The lanes of the window's i-th group that the query sees.
inline KeyRange visible_lanes(const StepWindow& window, std::size_t i) {
    const std::uint64_t from = (window.begin / 16 + i) * 16;
    return {static_cast<std::size_t>(window.begin > from ? window.begin - from : 0),
            static_cast<std::size_t>(window.end - from < 16 ? window.end - from : 16)};
}

/// Columns i and i + 1, i even, of a group of 16 keys.
struct KeyColumns {
    Lanes even;
    Lanes odd;
};
inline KeyColumns key_columns(const float* group, std::size_t i) {
    return {load(group + i * 16), load(group + i * 16 + 16)};
}
inline KeyColumns key_columns(const std::uint16_t* group, std::size_t i) {
    return {load_even(group + i * 16), load_odd(group + i * 16)};
}
/// 16 values of a slot from `column` on; of an even slot, and of the one after an even slot.
inline Lanes even_values(const float* values, std::size_t slot, std::size_t d, std::size_t column) {
    return load(values + slot * d + column);
}
inline Lanes odd_values(const float* values, std::size_t slot, std::size_t d, std::size_t column) {
    return load(values + (slot + 1) * d + column);
}
inline Lanes even_values(const std::uint16_t* values, std::size_t slot, std::size_t d, std::size_t column) {
    return load_even(values + slot * d + 2 * column);
}
inline Lanes odd_values(const std::uint16_t* values, std::size_t slot, std::size_t d, std::size_t column) {
    return load_odd(values + slot * d + 2 * column);
}

/// Key-value head `head` of a stream, counted through all streams as `unit`: counted along, since divisions
/// for one token's few units take as long as their products.
struct StepUnitPlace {
    void advance(const AttentionShape& shape) {
        ++unit;
        if (++head == shape.kv_heads) {
            head = 0;
            ++stream;
        }
    }
    std::size_t unit = 0;
    std::size_t stream = 0;
    std::size_t head = 0;
};

void attention_append(const AttentionShape& shape, const AttentionCache& cache, std::size_t streams,
                      std::uint64_t position, Rows k, Rows v) {
    const std::size_t d = shape.head_width;
    const auto slot = static_cast<std::size_t>(position % cache.ring);
    const std::size_t units = streams * shape.kv_heads;
    for (StepUnitPlace at; at.unit < units; at.advance(shape)) {
        const std::size_t unit = at.unit;
        const std::size_t stream = at.stream;
        const std::size_t column = at.head * d;
        float* const keys = cache.k + (unit * cache.ring + slot / 16 * 16) * d + slot % 16;
        for (std::size_t i = 0; i < d; ++i) {
            keys[i * 16] = k[stream][column + i];
        }
        copy_rows(v[stream] + column, d, 1, 1, d, cache.v + (unit * cache.ring + slot) * d);
    }
}

void attention_append_bf16(const AttentionShape& shape, const AttentionCacheBf16& cache, std::size_t streams,
                           std::uint64_t position, Rows k, Rows v) {
    const std::size_t d = shape.head_width;
    const auto slot = static_cast<std::size_t>(position % cache.ring);
    const std::size_t units = streams * shape.kv_heads;
    for (StepUnitPlace at; at.unit < units; at.advance(shape)) {
        const std::size_t unit = at.unit;
        const std::size_t stream = at.stream;
        const std::size_t column = at.head * d;
        std::uint16_t* const keys = cache.k + (unit * cache.ring + slot / 16 * 16) * d + slot % 16 * 2;
        std::uint16_t* const values = cache.v + (unit * cache.ring + slot / 2 * 2) * d + slot % 2;
        for (std::size_t first = 0; first < d; first += 16) {
            std::uint16_t rounded[32];  // pairs of a key's and a value's element
            store_pairs(rounded, round_bf16_lanes(load(k[stream] + column + first)),
                        round_bf16_lanes(load(v[stream] + column + first)));
            for (std::size_t i = 0; i < 16; ++i) {
                keys[(first + i) / 2 * 32 + i % 2] = rounded[2 * i];
                values[2 * (first + i)] = rounded[2 * i + 1];
            }
        }
    }
}

/// Scores of kHeads query heads, which share their keys, with kGroups consecutive groups of the window.
/// Scores of a head are `strip` floats apart.
template <std::size_t kHeads, std::size_t kGroups, class Number>
inline void step_scores(const StepWindow& window, std::size_t first, const float* q, const Number* keys,
                        std::size_t d, float* scores, std::size_t strip) {
    Lanes acc[kHeads][kGroups];
    const Number* from[kGroups];
#pragma GCC unroll 8
    for (std::size_t g = 0; g < kGroups; ++g) {
        from[g] = keys + ring_group(window, first + g) * 16 * d;
#pragma GCC unroll 8
        for (std::size_t h = 0; h < kHeads; ++h) {
            acc[h][g] = zero();
        }
    }
    for (std::size_t i = 0; i < d; i += 2) {
        KeyColumns columns[kGroups];
#pragma GCC unroll 8
        for (std::size_t g = 0; g < kGroups; ++g) {
            columns[g] = key_columns(from[g], i);
        }
#pragma GCC unroll 8
        for (std::size_t h = 0; h < kHeads; ++h) {
            const Lanes x = broadcast(q[h * d + i]);
#pragma GCC unroll 8
            for (std::size_t g = 0; g < kGroups; ++g) {
                acc[h][g] = fma(x, columns[g].even, acc[h][g]);
            }
        }
#pragma GCC unroll 8
        for (std::size_t h = 0; h < kHeads; ++h) {
            const Lanes x = broadcast(q[h * d + i + 1]);
#pragma GCC unroll 8
            for (std::size_t g = 0; g < kGroups; ++g) {
                acc[h][g] = fma(x, columns[g].odd, acc[h][g]);
            }
        }
    }
#pragma GCC unroll 8
    for (std::size_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
        for (std::size_t g = 0; g < kGroups; ++g) {
            store(scores + h * strip + (first + g) * 16, acc[h][g]);
        }
    }
}

/// step_scores of all the window's groups.
template <std::size_t kHeads, class Number>
inline void step_all_scores(const StepWindow& window, const float* q, const Number* keys, std::size_t d,
                            float* scores, std::size_t strip) {
    constexpr std::size_t kGroups = kHeads == 1 ? kStepChains : kStepChains / 2;
    std::size_t group = 0;
    for (; group + kGroups <= window.groups; group += kGroups) {
        step_scores<kHeads, kGroups>(window, group, q, keys, d, scores, strip);
    }
    if constexpr (kGroups > 4) {
        for (; group + 4 <= window.groups; group += 4) {
            step_scores<kHeads, 4>(window, group, q, keys, d, scores, strip);
        }
    }
    for (; group + 2 <= window.groups; group += 2) {
        step_scores<kHeads, 2>(window, group, q, keys, d, scores, strip);
    }
    if (group < window.groups) {
        step_scores<kHeads, 1>(window, group, q, keys, d, scores, strip);
    }
}

/// Numerators p in place of the scores of one head; returns 1 / l.
inline float step_numerators(const AttentionShape& shape, const StepWindow& window, float* scores) {
    Lanes most = zero();
    if (shape.subtract_maximum) {
        Lanes maxima = broadcast(-__builtin_inff());
        for (std::size_t i = 0; i < window.groups; ++i) {
            const KeyRange lanes = visible_lanes(window, i);
            maxima = max(maxima, select_lanes(load(scores + i * 16), maxima, lanes.begin, lanes.end));
        }
        most = broadcast(halving_max(maxima) + 0.0F);  // as in attention_forward
    }
    Lanes sums = zero();
    const auto at_edge = [&](std::size_t i) {
        const KeyRange lanes = visible_lanes(window, i);
        const Lanes p = keep_lanes(exp2_lanes(sub(load(scores + i * 16), most)), lanes.begin, lanes.end);
        store(scores + i * 16, p);
        sums = add(sums, p);
    };
    at_edge(0);
    for (std::size_t i = 1; i + 1 < window.groups; ++i) {
        const Lanes p = exp2_lanes(sub(load(scores + i * 16), most));
        store(scores + i * 16, p);
        sums = add(sums, p);
    }
    if (window.groups > 1) {
        at_edge(window.groups - 1);
    }
    return 1.0F / halving_sum(sums);
}

/// Where the work of one unit lies: the query heads of one key-value head of one stream.
template <class Number>
struct StepUnit {
    const Number* values;  ///< [ring, D], in the order of the cache
    const float* p;        ///< of head h at p + h * strip
    const float* inverse;  ///< of head h at inverse[h]
    float* out;            ///< of head h at out + h * D
};

/// acc += p(j) v(j) of one even or odd slot for all chains.
template <bool kOdd, std::size_t kUnits, std::size_t kHeads, std::size_t kVectors, class Number>
inline __attribute__((always_inline)) void step_add_values(const StepUnit<Number>* units, std::size_t strip,
                                                           std::size_t d, std::size_t column, std::size_t key,
                                                           std::size_t slot,
                                                           Lanes (&acc)[kUnits][kHeads][kVectors]) {
#pragma GCC unroll 8
    for (std::size_t u = 0; u < kUnits; ++u) {
        Lanes value[kVectors];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kVectors; ++v) {
            value[v] = kOdd ? odd_values(units[u].values, slot, d, column + 16 * v)
                            : even_values(units[u].values, slot, d, column + 16 * v);
        }
#pragma GCC unroll 8
        for (std::size_t h = 0; h < kHeads; ++h) {
            const Lanes x = broadcast(units[u].p[h * strip + key + (kOdd ? 1 : 0)]);
#pragma GCC unroll 8
            for (std::size_t v = 0; v < kVectors; ++v) {
                acc[u][h][v] = fma(x, value[v], acc[u][h][v]);
            }
        }
    }
}

/// kHeads query heads of kUnits units, times 16 kVectors columns of the output from `column` on: every row of
/// values is loaded once for all the heads.
template <std::size_t kUnits, std::size_t kHeads, std::size_t kVectors, class Number>
inline void step_values(const StepWindow& window, std::size_t d, const StepUnit<Number>* from,
                        std::size_t strip, std::size_t column) {
    StepUnit<Number> units[kUnits];
    Lanes acc[kUnits][kHeads][kVectors];
#pragma GCC unroll 8
    for (std::size_t u = 0; u < kUnits; ++u) {
        units[u] = from[u];
#pragma GCC unroll 8
        for (std::size_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
            for (std::size_t v = 0; v < kVectors; ++v) {
                acc[u][h][v] = zero();
            }
        }
    }
    for (std::size_t g = 0; g < window.groups; ++g) {
        // Slots that the query does not see stay out of the sums: what they hold may be infinite.
        const KeyRange lanes = visible_lanes(window, g);
        const std::size_t slot = ring_group(window, g) * 16;
        std::size_t j = lanes.begin / 2 * 2;
        if (lanes.begin % 2 == 1) {
            step_add_values<true>(units, strip, d, column, g * 16 + j, slot + j, acc);
            j += 2;
        }
        for (; j + 2 <= lanes.end; j += 2) {
            step_add_values<false>(units, strip, d, column, g * 16 + j, slot + j, acc);
            step_add_values<true>(units, strip, d, column, g * 16 + j, slot + j, acc);
        }
        if (j < lanes.end) {
            step_add_values<false>(units, strip, d, column, g * 16 + j, slot + j, acc);
        }
    }
#pragma GCC unroll 8
    for (std::size_t u = 0; u < kUnits; ++u) {
#pragma GCC unroll 8
        for (std::size_t h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
            for (std::size_t v = 0; v < kVectors; ++v) {
                store(units[u].out + h * d + column + 16 * v,
                      add(mul(acc[u][h][v], broadcast(units[u].inverse[h])), zero()));
            }
        }
    }
}

/// step_values of 16 kVectors columns of `count` units.
template <std::size_t kHeads, std::size_t kVectors, class Number>
inline void step_columns(const StepWindow& window, std::size_t d, const StepUnit<Number>* units,
                         std::size_t count, std::size_t strip, std::size_t column) {
    constexpr std::size_t kUnits = kStepChains / (kHeads * kVectors);
    std::size_t unit = 0;
    for (; unit + kUnits <= count; unit += kUnits) {
        step_values<kUnits, kHeads, kVectors>(window, d, units + unit, strip, column);
    }
    for (; unit < count; ++unit) {
        step_values<1, kHeads, kVectors>(window, d, units + unit, strip, column);
    }
}

/// Most units whose values are summed side by side.
constexpr std::size_t kStepUnits = kStepChains;

/// Query heads `head` .. head + kHeads - 1 of each of `count` units: scores, numerators, and the output.
template <std::size_t kHeads, class Number>
inline void step_heads(const AttentionShape& shape, const StepWindow& window,
                       const StepUnit<Number> (&units)[kStepUnits], const Number* const (&keys)[kStepUnits],
                       const float* const (&q)[kStepUnits], std::size_t count, std::size_t head,
                       float* scratch) {
    const std::size_t d = shape.head_width;
    const std::size_t strip = window.groups * 16;
    float inverse[kStepUnits][kHeads];
    StepUnit<Number> heads[kStepUnits];
    for (std::size_t u = 0; u < count; ++u, scratch += kHeads * strip) {
        step_all_scores<kHeads>(window, q[u] + head * d, keys[u], d, scratch, strip);
        for (std::size_t h = 0; h < kHeads; ++h) {
            inverse[u][h] = step_numerators(shape, window, scratch + h * strip);
        }
        heads[u] = {units[u].values, scratch, inverse[u], units[u].out + head * d};
    }
    std::size_t column = 0;
    for (; column + 32 <= d; column += 32) {
        step_columns<kHeads, 2>(window, d, heads, count, strip, column);
    }
    if (column < d) {
        step_columns<kHeads, 1>(window, d, heads, count, strip, column);
    }
}

std::size_t attention_step_scratch(const AttentionShape& shape) {
    // A window touches at most window / 16 + 2 groups; kStepChains heads of all units together.
    return kStepChains * (shape.window / 16 + 2) * 16;
}

template <class Number, class Cache>
inline void attention_step_any(const AttentionShape& shape, const Cache& cache, std::size_t streams,
                               std::uint64_t position, std::uint64_t oldest, Rows q, OutRows out,
                               float* scratch) {
    const std::size_t d = shape.head_width;
    const std::size_t shared = shape.heads / shape.kv_heads;  // query heads of one key-value head
    const std::size_t all = streams * shape.kv_heads;
    const StepWindow window = step_window(shape, cache.ring, position, oldest);
    // Units at a time: so many that heads and units together make kStepChains.
    const std::size_t most = kStepChains / (shared >= kStepHeads ? kStepHeads : shared >= 2 ? 2 : 1);
    StepUnitPlace at;
    for (std::size_t first = 0; first < all; first += most) {
        const std::size_t count = least(most, all - first);
        StepUnit<Number> units[kStepUnits];
        const Number* keys[kStepUnits];
        const float* queries[kStepUnits];
        for (std::size_t u = 0; u < count; ++u, at.advance(shape)) {
            const std::size_t column = at.head * shared * d;
            units[u] = {cache.v + at.unit * cache.ring * d, nullptr, nullptr, out[at.stream] + column};
            keys[u] = cache.k + at.unit * cache.ring * d;
            queries[u] = q[at.stream] + column;
        }
        std::size_t head = 0;
        for (; head + kStepHeads <= shared; head += kStepHeads) {
            step_heads<kStepHeads>(shape, window, units, keys, queries, count, head, scratch);
        }
        for (; head + 2 <= shared; head += 2) {
            step_heads<2>(shape, window, units, keys, queries, count, head, scratch);
        }
        if (head < shared) {
            step_heads<1>(shape, window, units, keys, queries, count, head, scratch);
        }
    }
}

void attention_step(const AttentionShape& shape, const AttentionCache& cache, std::size_t streams,
                    std::uint64_t position, std::uint64_t oldest, Rows q, OutRows out, float* scratch) {
    attention_step_any<float>(shape, cache, streams, position, oldest, q, out, scratch);
}

void attention_step_bf16(const AttentionShape& shape, const AttentionCacheBf16& cache, std::size_t streams,
                         std::uint64_t position, std::uint64_t oldest, Rows q, OutRows out, float* scratch) {
    attention_step_any<std::uint16_t>(shape, cache, streams, position, oldest, q, out, scratch);
}
