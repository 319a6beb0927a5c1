// One query against the ring-buffer cache, with the bits of attention_forward. Needs attention_tiles.inl
// before it.

/// What one step sees: positions begin .. end-1, in `groups` groups of 16 slots from the group of `begin` on.
struct StepWindow {
    std::uint64_t begin;
    std::uint64_t end;
    std::size_t groups;
    std::size_t first_group;  ///< index of the first group within the ring
    std::size_t ring_groups;
};
inline StepWindow step_window(const AttentionShape& shape, const AttentionCache& cache,
                              std::uint64_t position, std::uint64_t oldest) {
    const std::uint64_t end = position + 1;
    const std::uint64_t reach = end > shape.window ? end - shape.window : 0;
    const std::uint64_t begin = reach > oldest ? reach : oldest;
    const std::size_t ring_groups = cache.ring / 16;
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

void attention_append(const AttentionShape& shape, const AttentionCache& cache, std::uint64_t position,
                      const float* k, const float* v) {
    const std::size_t d = shape.head_width;
    const auto slot = static_cast<std::size_t>(position % cache.ring);
    for (std::size_t head = 0; head < shape.kv_heads; ++head) {
        float* const keys = cache.k + (head * cache.ring + slot / 16 * 16) * d + slot % 16;
        float* const values = cache.v + (head * cache.ring + slot) * d;
        for (std::size_t i = 0; i < d; ++i) {
            keys[i * 16] = k[head * d + i];
        }
        copy_rows(v + head * d, d, 1, 1, d, values);
    }
}

/// Scores of kGroups consecutive groups of the window, interleaved because each is one long chain.
template <int kGroups>
inline void step_scores(const StepWindow& window, std::size_t first, const float* q, const float* keys,
                        std::size_t d, float* scores) {
    Lanes acc[kGroups];
    const float* from[kGroups];
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
        acc[g] = zero();
        from[g] = keys + ring_group(window, first + static_cast<std::size_t>(g)) * 16 * d;
    }
    for (std::size_t i = 0; i < d; ++i) {
        const Lanes x = broadcast(q[i]);
#pragma GCC unroll 8
        for (int g = 0; g < kGroups; ++g) {
            acc[g] = fma(x, load(from[g] + i * 16), acc[g]);
        }
    }
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
        store(scores + (first + static_cast<std::size_t>(g)) * 16, acc[g]);
    }
}

/// The chains over the window's values of kUnits units; a unit is 16 columns of one query head.
template <int kUnits>
inline void step_values(const StepWindow& window, std::size_t d, const float* const (&p)[kUnits],
                        const float* const (&values)[kUnits], Lanes (&acc)[kUnits]) {
#pragma GCC unroll 8
    for (int u = 0; u < kUnits; ++u) {
        acc[u] = zero();
    }
    for (std::size_t g = 0; g < window.groups; ++g) {
        const KeyRange lanes = visible_lanes(window, g);
        const std::size_t slot = ring_group(window, g) * 16;
        for (std::size_t j = lanes.begin; j < lanes.end; ++j) {
#pragma GCC unroll 8
            for (int u = 0; u < kUnits; ++u) {
                acc[u] = fma(broadcast(p[u][g * 16 + j]), load(values[u] + (slot + j) * d), acc[u]);
            }
        }
    }
}

/// Units first .. first + kUnits - 1 of the output.
template <int kUnits>
inline void step_output(const AttentionShape& shape, const AttentionCache& cache, const StepWindow& window,
                        const float* p, std::size_t strip, const float* inverse, std::size_t first,
                        float* out) {
    const std::size_t d = shape.head_width;
    const float* rows[kUnits];
    const float* values[kUnits];
    Lanes acc[kUnits];
#pragma GCC unroll 8
    for (int u = 0; u < kUnits; ++u) {
        const std::size_t column = (first + static_cast<std::size_t>(u)) * 16;
        const std::size_t head = column / d;
        rows[u] = p + head * strip;
        values[u] = cache.v + head / (shape.heads / shape.kv_heads) * cache.ring * d + column % d;
    }
    step_values<kUnits>(window, d, rows, values, acc);
#pragma GCC unroll 8
    for (int u = 0; u < kUnits; ++u) {
        const std::size_t column = (first + static_cast<std::size_t>(u)) * 16;
        store(out + column, add(mul(acc[u], broadcast(inverse[column / d])), zero()));
    }
}

std::size_t attention_step_scratch(const AttentionShape& shape) {
    // A window touches at most window / 16 + 2 groups; then 1 / l of each head.
    return shape.heads * ((shape.window / 16 + 2) * 16 + 1);
}

void attention_step(const AttentionShape& shape, const AttentionCache& cache, std::uint64_t position,
                    std::uint64_t oldest, const float* q, float* out, float* scratch) {
    const std::size_t d = shape.head_width;
    const StepWindow window = step_window(shape, cache, position, oldest);
    const std::size_t strip = window.groups * 16;
    float* const inverse = scratch + shape.heads * strip;
    for (std::size_t head = 0; head < shape.heads; ++head) {
        float* const scores = scratch + head * strip;
        const float* const keys = cache.k + head / (shape.heads / shape.kv_heads) * cache.ring * d;
        std::size_t group = 0;
        for (; group + 4 <= window.groups; group += 4) {
            step_scores<4>(window, group, q + head * d, keys, d, scores);
        }
        for (; group < window.groups; ++group) {
            step_scores<1>(window, group, q + head * d, keys, d, scores);
        }
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
        for (std::size_t i = 0; i < window.groups; ++i) {
            const KeyRange lanes = visible_lanes(window, i);
            const Lanes p = keep_lanes(exp2_lanes(sub(load(scores + i * 16), most)), lanes.begin, lanes.end);
            store(scores + i * 16, p);
            sums = add(sums, p);
        }
        inverse[head] = 1.0F / halving_sum(sums);
    }
    const std::size_t units = shape.heads * d / 16;
    std::size_t unit = 0;
    for (; unit + 4 <= units; unit += 4) {
        step_output<4>(shape, cache, window, scratch, strip, inverse, unit, out);
    }
    for (; unit < units; ++unit) {
        step_output<1>(shape, cache, window, scratch, strip, inverse, unit, out);
    }
}
