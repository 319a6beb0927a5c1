// Gradients of attention. Needs attention_tiles.inl and attention_forward.inl (choose_step) before it.
//
// The outer loop takes blocks of keys whose copies and gradients fit the second-level cache; within one block
// every head of the group, then every tile of queries that sees it. So the chains over queries ascend for
// every key, and the chains over keys ascend for every query, whose partial sums rest in dq between blocks.

/// Floats of one [keys, D] array of a block: five arrays of 96 KB.
constexpr std::size_t kBlockFloats = 24576;

/// Scratch memory of attention_backward.
struct BackwardScratch {
    float* keys_t;      // [keys / 32][D][32]
    float* values_t;    // [keys / 32][D][32]
    float* keys;        // [keys, D]
    float* dk_t;        // [keys / 32][D][32]
    float* dv_t;        // [keys / 32][D][32]
    float* queries;     // [16, D]
    float* queries_t;   // [D, 16]
    float* dout;        // [16, D]
    float* dout_t;      // [D, 16]
    float* dq;          // [16, D]
    float* p;           // [16, 32]
    float* ds;          // [16, 32]
    std::size_t block;  // keys of a block
    std::size_t used;   // floats
};
inline BackwardScratch backward_scratch(const AttentionShape& shape, std::size_t keys, float* base) {
    const std::size_t d = shape.head_width;
    const std::size_t padded = (keys + kKeyTile - 1) / kKeyTile * kKeyTile;
    const std::size_t most = kBlockFloats / d / kKeyTile * kKeyTile;
    Pieces pieces{base};
    BackwardScratch scratch{};
    scratch.block = padded < most ? padded : most;
    scratch.keys_t = pieces.take(scratch.block * d);
    scratch.values_t = pieces.take(scratch.block * d);
    scratch.keys = pieces.take(scratch.block * d);
    scratch.dk_t = pieces.take(scratch.block * d);
    scratch.dv_t = pieces.take(scratch.block * d);
    scratch.queries = pieces.take(kQueryTile * d);
    scratch.queries_t = pieces.take(kQueryTile * d);
    scratch.dout = pieces.take(kQueryTile * d);
    scratch.dout_t = pieces.take(kQueryTile * d);
    scratch.dq = pieces.take(kQueryTile * d);
    scratch.p = pieces.take(kQueryTile * kTileStride);
    scratch.ds = pieces.take(kQueryTile * kTileStride);
    scratch.used = pieces.used;
    return scratch;
}

std::size_t attention_scratch(const AttentionShape& shape, std::size_t queries, std::size_t past) {
    const std::size_t forward = forward_scratch(shape, past + queries, nullptr).used;
    const std::size_t backward = backward_scratch(shape, past + queries, nullptr).used;
    return (forward > backward ? forward : backward) + 16;
}

/// What the tile's queries bring: maximum, 1 / l and delta of each.
struct QueryNumbers {
    float maximum[kQueryTile];
    float inverse[kQueryTile];
    float delta[kQueryTile];
};

/// P and ds of one step.
template <int kVectors, bool kMasked>
inline void score_gradients(const QueryTile& tile, std::size_t from, const QueryNumbers& numbers,
                            std::size_t d, const float* keys_t, const float* values_t,
                            const BackwardScratch& scratch) {
    tile_products<kVectors>(
        scratch.queries_t, keys_t,
        d, [&](std::size_t i, const Lanes(&scores)[kVectors]) __attribute__((always_inline)) {
#pragma GCC unroll 2
            for (std::size_t v = 0; v < kVectors; ++v) {
                Lanes p = exp2_lanes(sub(scores[v], broadcast(numbers.maximum[i])));
                if constexpr (kMasked) {
                    p = keep_visible(p, tile.keys_of(i), from + 16 * v);
                }
                store(scratch.p + i * kTileStride + 16 * v, mul(p, broadcast(numbers.inverse[i])));
            }
        });
    const Lanes ln2 = broadcast(0.69314718055994531F);
    tile_products<kVectors>(
        scratch.dout_t, values_t,
        d, [&](std::size_t i, const Lanes(&dp)[kVectors]) __attribute__((always_inline)) {
#pragma GCC unroll 2
            for (std::size_t v = 0; v < kVectors; ++v) {
                const Lanes p = load(scratch.p + i * kTileStride + 16 * v);
                const Lanes ds = mul(mul(p, sub(dp[v], broadcast(numbers.delta[i]))), ln2);
                store(scratch.ds + i * kTileStride + 16 * v, ds);
            }
        });
}

/// One tile of queries of one head against the keys of one block, which begins at key row `base`.
inline void backward_tile(const QueryTile& tile, KeyRange range, std::size_t base, std::size_t d,
                          const QueryNumbers& numbers, const BackwardScratch& scratch) {
    for_key_tiles(range, [&](std::size_t from, int vectors) {
        const std::size_t at = (from - base) / kKeyTile * kKeyTile * d + (from - base) % kKeyTile;
        const std::size_t width = 16 * static_cast<std::size_t>(vectors);
        choose_step(vectors, !tile.all_see(from, from + width), [&]<int kVectors, bool kMasked>() {
            score_gradients<kVectors, kMasked>(tile, from, numbers, d, scratch.keys_t + at,
                                               scratch.values_t + at, scratch);
            sum_over_queries<kVectors>(scratch.dout, scratch.p, d, scratch.dv_t + at);
            sum_over_queries<kVectors>(scratch.queries, scratch.ds, d, scratch.dk_t + at);
        });
        const std::size_t keys = range.end - from < width ? range.end - from : width;
        sum_over_keys(scratch.ds, scratch.keys + (from - base) * d, d, keys, scratch.dq);
    });
}

/// delta[i] = the chain over d of dout_d out_d, for 16 queries at once; `space` holds 16 x D floats.
inline void deltas(const float* dout_t, const float* out, std::size_t ldo, std::size_t count, std::size_t d,
                   float* space, float* delta) {
    transpose_rows(out, ldo, count, d, space, kQueryTile);
    Lanes sum = zero();
    for (std::size_t column = 0; column < d; ++column) {
        sum = fma(load(dout_t + column * kQueryTile), load(space + column * kQueryTile), sum);
    }
    store(delta, sum);
}

void attention_backward(const AttentionShape& shape, const AttentionBlock& block, std::size_t kv_head,
                        const AttentionResult<const float>& forward, Rows dout,
                        const AttentionGradients<float>& gradients, float* scratch_memory) {
    const std::size_t d = shape.head_width;
    const std::size_t group = shape.heads / shape.kv_heads;
    const auto [out, maximum, inverse] = forward;
    const auto [dq, dk, dv] = gradients;
    const BackwardScratch scratch = backward_scratch(shape, block.queries, first_line(scratch_memory));
    for (std::size_t base = 0; base < block.queries; base += scratch.block) {
        const std::size_t left = block.queries - base;
        const std::size_t keys = left < scratch.block ? left : scratch.block;
        const std::size_t padded = (keys + kKeyTile - 1) / kKeyTile * kKeyTile;
        const float* const k = block.k + base * block.ldk + kv_head * d;
        const float* const v = block.v + base * block.ldv + kv_head * d;
        const std::size_t soon = keys < kFetchRows ? keys : kFetchRows;
        fetch_rows(k, block.ldk, soon, d);
        fetch_rows(v, block.ldv, soon, d);
        transpose_keys(k, block.ldk, keys, d, scratch.keys_t);
        transpose_keys(v, block.ldv, keys, d, scratch.values_t);
        copy_rows(k, block.ldk, keys, keys, d, scratch.keys);
        copy_rows(nullptr, 0, 0, padded, d, scratch.dk_t);
        copy_rows(nullptr, 0, 0, padded, d, scratch.dv_t);
        // The last query that sees the block's last key is window - 1 later.
        const std::size_t reach = left - keys < shape.window - 1 ? left - keys : shape.window - 1;
        for (std::size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
            for (std::size_t query = base; query < base + keys + reach; query += kQueryTile) {
                const std::size_t rest = block.queries - query;
                const std::size_t count = rest < kQueryTile ? rest : kQueryTile;
                const QueryTile tile{query, count, shape.window};
                KeyRange range = tile.keys();
                const bool is_first = range.begin >= base;
                range.begin = is_first ? range.begin : base;
                range.end = range.end < base + keys ? range.end : base + keys;
                const float* const q_rows = block.q + query * block.ldq + head * d;
                const float* const dout_rows = dout[query] + head * d;
                float* const dq_rows = dq[query] + head * d;
                QueryNumbers numbers{};
                for (std::size_t i = 0; i < count; ++i) {
                    numbers.maximum[i] = maximum[(query + i) * shape.heads + head];
                    numbers.inverse[i] = inverse[(query + i) * shape.heads + head];
                }
                copy_rows(q_rows, block.ldq, count, kQueryTile, d, scratch.queries);
                transpose_rows(q_rows, block.ldq, count, d, scratch.queries_t, kQueryTile);
                copy_rows(dout_rows, dout.ld, count, kQueryTile, d, scratch.dout);
                transpose_rows(dout_rows, dout.ld, count, d, scratch.dout_t, kQueryTile);
                deltas(scratch.dout_t, out[query] + head * d, out.ld, count, d, scratch.dq, numbers.delta);
                copy_rows(dq_rows, dq.ld, is_first ? 0 : count, kQueryTile, d, scratch.dq);
                const std::size_t after = rest - count < kQueryTile ? rest - count : kQueryTile;
                fetch_rows(q_rows + count * block.ldq, block.ldq, after, d);
                fetch_rows(dout_rows + count * dout.ld, dout.ld, after, d);
                fetch_rows(out[query + count] + head * d, out.ld, after, d);
                fetch_rows(dq_rows, dq.ld, count, d);
                backward_tile(tile, range, base, d, numbers, scratch);
                for (std::size_t i = 0; i < count; ++i) {
                    for (std::size_t column = 0; column < d; column += 16) {
                        store(dq_rows + i * dq.ld + column, add(load(scratch.dq + i * d + column), zero()));
                    }
                }
            }
        }
        untranspose_keys(scratch.dk_t, keys, d, dk[base] + kv_head * d, dk.ld);
        untranspose_keys(scratch.dv_t, keys, d, dv[base] + kv_head * d, dv.ld);
    }
}
