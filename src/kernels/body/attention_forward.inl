// Attention of a block of queries: out, the maxima and the inverse denominators. Needs attention_tiles.inl
// before it.

/// Scratch memory of attention_forward for key rows of one sequence.
struct ForwardScratch {
    float* keys_t;     // [keys / 32][D][32]
    float* values;     // [keys, D]
    float* queries;    // [D, 16]
    float* out;        // [16, D]
    float* lanes;      // [16, 16]: the maxima, then the denominators, in lanes by key row mod 16
    float* strip;      // tiles of [16, 32] scores: all of the queries' keys when the maximum is subtracted,
                       // otherwise one
    std::size_t used;  // floats
};
inline ForwardScratch forward_scratch(const AttentionShape& shape, std::size_t keys, float* base) {
    const std::size_t d = shape.head_width;
    const std::size_t padded = (keys + kKeyTile - 1) / kKeyTile * kKeyTile;
    // A window's steps begin and end with a half tile at worst.
    const std::size_t most = shape.window < keys ? shape.window + kQueryTile : keys;
    const std::size_t steps = shape.subtract_maximum ? most / kKeyTile + 3 : 1;
    Pieces pieces{base};
    ForwardScratch scratch{};
    scratch.keys_t = pieces.take(padded * d);
    scratch.values = pieces.take(padded * d);
    scratch.queries = pieces.take(kQueryTile * d);
    scratch.out = pieces.take(kQueryTile * d);
    scratch.lanes = pieces.take(kQueryTile * 16);
    scratch.strip = pieces.take(steps * kQueryTile * kTileStride);
    scratch.used = pieces.used;
    return scratch;
}

/// p = 2^scores of one step straight from the registers, and their sums.
template <int kVectors, bool kMasked>
inline void bounded_numerators(const QueryTile& tile, std::size_t from, const float* queries,
                               const float* keys_t, std::size_t d, float* p, float* sums) {
    tile_products<kVectors>(
        queries, keys_t,
        d, [&](std::size_t i, const Lanes(&scores)[kVectors]) __attribute__((always_inline)) {
            Lanes sum = load(sums + i * 16);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < kVectors; ++v) {
                Lanes numerator = exp2_lanes(scores[v]);
                if constexpr (kMasked) {
                    numerator = keep_visible(numerator, tile.keys_of(i), from + 16 * v);
                }
                store(p + i * kTileStride + 16 * v, numerator);
                sum = add(sum, numerator);
            }
            store(sums + i * 16, sum);
        });
}

/// The scores of one step, and their maxima.
template <int kVectors, bool kMasked>
inline void scores_and_maxima(const QueryTile& tile, std::size_t from, const float* queries,
                              const float* keys_t, std::size_t d, float* strip, float* maxima) {
    tile_products<kVectors>(
        queries, keys_t,
        d, [&](std::size_t i, const Lanes(&scores)[kVectors]) __attribute__((always_inline)) {
            Lanes most = load(maxima + i * 16);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < kVectors; ++v) {
                store(strip + i * kTileStride + 16 * v, scores[v]);
                if constexpr (kMasked) {
                    const KeyRange lanes = lanes_of(tile.keys_of(i), from + 16 * v);
                    most = max(most, select_lanes(scores[v], most, lanes.begin, lanes.end));
                } else {
                    most = max(most, scores[v]);
                }
            }
            store(maxima + i * 16, most);
        });
}

/// Turns the scores of one step into p = 2^(score - maximum) in place, and sums.
template <int kVectors, bool kMasked>
inline void numerators(const QueryTile& tile, std::size_t from, const float* maximum, float* scores,
                       float* sums) {
    for (std::size_t i = 0; i < kQueryTile; ++i) {
        const Lanes most = broadcast(maximum[i]);
        Lanes sum = load(sums + i * 16);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) {
            Lanes numerator = exp2_lanes(sub(load(scores + i * kTileStride + 16 * v), most));
            if constexpr (kMasked) {
                numerator = keep_visible(numerator, tile.keys_of(i), from + 16 * v);
            }
            store(scores + i * kTileStride + 16 * v, numerator);
            sum = add(sum, numerator);
        }
        store(sums + i * 16, sum);
    }
}

/// Calls step<vectors, masked>() with the constants that fit.
template <class Step>
inline __attribute__((always_inline)) void choose_step(int vectors, bool masked, Step&& step) {
    if (vectors == 2) {
        masked ? step.template operator()<2, true>() : step.template operator()<2, false>();
    } else {
        masked ? step.template operator()<1, true>() : step.template operator()<1, false>();
    }
}

inline void fill_lanes(float* lanes, float value) {
    for (std::size_t i = 0; i < kQueryTile; ++i) {
        store(lanes + i * 16, broadcast(value));
    }
}

/// One tile of queries of one head; `base` is the key row at which the scratch copies begin.
inline void forward_tile(const QueryTile& tile, std::size_t base, bool subtract_maximum, std::size_t d,
                         const ForwardScratch& scratch, float* maximum) {
    const KeyRange range = tile.keys();
    const auto keys_at = [&](std::size_t from) {
        return scratch.keys_t + (from - base) / kKeyTile * kKeyTile * d + (from - base) % kKeyTile;
    };
    const auto add_values = [&](const float* p, std::size_t from, int vectors) {
        const std::size_t width = 16 * static_cast<std::size_t>(vectors);
        const std::size_t keys = range.end - from < width ? range.end - from : width;
        sum_over_keys(p, scratch.values + (from - base) * d, d, keys, scratch.out);
    };
    for (std::size_t i = 0; i < kQueryTile; ++i) {
        maximum[i] = 0.0F;
    }
    copy_rows(nullptr, 0, 0, kQueryTile, d, scratch.out);
    if (!subtract_maximum) {
        fill_lanes(scratch.lanes, 0.0F);
        for_key_tiles(range, [&](std::size_t from, int vectors) {
            const bool masked = !tile.all_see(from, from + 16 * static_cast<std::size_t>(vectors));
            choose_step(vectors, masked, [&]<int kVectors, bool kMasked>() {
                bounded_numerators<kVectors, kMasked>(tile, from, scratch.queries, keys_at(from), d,
                                                      scratch.strip, scratch.lanes);
            });
            add_values(scratch.strip, from, vectors);
        });
        return;
    }
    fill_lanes(scratch.lanes, -__builtin_inff());
    float* scores = scratch.strip;
    for_key_tiles(range, [&](std::size_t from, int vectors) {
        const bool masked = !tile.all_see(from, from + 16 * static_cast<std::size_t>(vectors));
        choose_step(vectors, masked, [&]<int kVectors, bool kMasked>() {
            scores_and_maxima<kVectors, kMasked>(tile, from, scratch.queries, keys_at(from), d, scores,
                                                 scratch.lanes);
        });
        scores += kQueryTile * kTileStride;
    });
    for (std::size_t i = 0; i < kQueryTile; ++i) {
        maximum[i] = halving_max(load(scratch.lanes + i * 16)) +
                     0.0F;  // no negative zero: which of two equals is chance
    }
    fill_lanes(scratch.lanes, 0.0F);
    scores = scratch.strip;
    for_key_tiles(range, [&](std::size_t from, int vectors) {
        const bool masked = !tile.all_see(from, from + 16 * static_cast<std::size_t>(vectors));
        choose_step(vectors, masked, [&]<int kVectors, bool kMasked>() {
            numerators<kVectors, kMasked>(tile, from, maximum, scores, scratch.lanes);
        });
        add_values(scores, from, vectors);
        scores += kQueryTile * kTileStride;
    });
}

void attention_forward(const AttentionShape& shape, const AttentionBlock& block, std::size_t kv_head,
                       std::size_t first, std::size_t last, const AttentionResult<float>& result,
                       float* scratch_memory) {
    if (first >= last) {
        return;
    }
    const auto [out, maximum, inverse] = result;
    const std::size_t d = shape.head_width;
    const std::size_t group = shape.heads / shape.kv_heads;
    const KeyRange needed = QueryTile{block.past + first, last - first, shape.window}.keys();
    const std::size_t base = needed.begin / kKeyTile * kKeyTile;
    const std::size_t keys = needed.end - base;
    const ForwardScratch scratch = forward_scratch(shape, keys, first_line(scratch_memory));
    const std::size_t soon = keys < kFetchRows ? keys : kFetchRows;
    fetch_rows(block.k + base * block.ldk + kv_head * d, block.ldk, soon, d);
    transpose_keys(block.k + base * block.ldk + kv_head * d, block.ldk, keys, d, scratch.keys_t);
    fetch_rows(block.v + base * block.ldv + kv_head * d, block.ldv, keys, d);
    fetch_rows(block.q + first * block.ldq + kv_head * group * d, block.ldq,
               last - first < kQueryTile ? last - first : kQueryTile, group * d);
    copy_rows(block.v + base * block.ldv + kv_head * d, block.ldv, keys, keys, d, scratch.values);
    for (std::size_t query = first; query < last; query += kQueryTile) {
        const std::size_t count = last - query < kQueryTile ? last - query : kQueryTile;
        const QueryTile tile{block.past + query, count, shape.window};
        const std::size_t rest = last - query - count;
        fetch_rows(block.q + (query + count) * block.ldq + kv_head * group * d, block.ldq,
                   rest < kQueryTile ? rest : kQueryTile, group * d);
        fetch_rows(out[query] + kv_head * group * d, out.ld, count, group * d);
        for (std::size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
            float tile_maximum[kQueryTile];
            transpose_rows(block.q + query * block.ldq + head * d, block.ldq, count, d, scratch.queries,
                           kQueryTile);
            forward_tile(tile, base, shape.subtract_maximum, d, scratch, tile_maximum);
            for (std::size_t i = 0; i < count; ++i) {
                const float factor = 1.0F / halving_sum(load(scratch.lanes + i * 16));
                maximum[(query + i) * shape.heads + head] = tile_maximum[i];
                inverse[(query + i) * shape.heads + head] = factor;
                for (std::size_t column = 0; column < d; column += 16) {
                    // Adding zero makes a negative zero positive, which masked keys may or may not have done
                    // before.
                    store(out[query + i] + head * d + column,
                          add(mul(load(scratch.out + i * d + column), broadcast(factor)), zero()));
                }
            }
        }
    }
}
