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

/// Scores of kHeads query heads, which share their keys, with kGroups consecutive groups of the window: so many chains
/// side by side that none waits for its own last step. Scores of a head are `strip` floats apart.
template <int kHeads, int kGroups>
inline void step_scores(const StepWindow& window, std::size_t first, const float* q, const float* keys,
                        std::size_t d, float* scores, std::size_t strip) {
    Lanes acc[kHeads][kGroups];
    const float* from[kGroups];
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
        from[g] = keys + ring_group(window, first + static_cast<std::size_t>(g)) * 16 * d;
#pragma GCC unroll 8
        for (int h = 0; h < kHeads; ++h) {
            acc[h][g] = zero();
        }
    }
    for (std::size_t i = 0; i < d; ++i) {
        Lanes column[kGroups];
#pragma GCC unroll 8
        for (int g = 0; g < kGroups; ++g) {
            column[g] = load(from[g] + i * 16);
        }
#pragma GCC unroll 8
        for (int h = 0; h < kHeads; ++h) {
            const Lanes x = broadcast(q[static_cast<std::size_t>(h) * d + i]);
#pragma GCC unroll 8
            for (int g = 0; g < kGroups; ++g) {
                acc[h][g] = fma(x, column[g], acc[h][g]);
            }
        }
    }
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
        for (int g = 0; g < kGroups; ++g) {
            store(scores + static_cast<std::size_t>(h) * strip + (first + static_cast<std::size_t>(g)) * 16,
                  acc[h][g]);
        }
    }
}

/// step_scores of all the window's groups.
template <int kHeads, int kGroups>
inline void step_all_scores(const StepWindow& window, const float* q, const float* keys, std::size_t d,
                            float* scores, std::size_t strip) {
    std::size_t group = 0;
    for (; group + kGroups <= window.groups; group += kGroups) {
        step_scores<kHeads, kGroups>(window, group, q, keys, d, scores, strip);
    }
    for (; group < window.groups; ++group) {
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
    for (std::size_t i = 0; i < window.groups; ++i) {
        const KeyRange lanes = visible_lanes(window, i);
        const Lanes p = keep_lanes(exp2_lanes(sub(load(scores + i * 16), most)), lanes.begin, lanes.end);
        store(scores + i * 16, p);
        sums = add(sums, p);
    }
    return 1.0F / halving_sum(sums);
}

/// kHeads query heads, which share their values, times 16 kVectors columns of the output from `column` on: every row of values
/// is loaded once for all the heads.
template <int kHeads, int kVectors>
inline void step_shared_values(const StepWindow& window, std::size_t d, const float* p, std::size_t strip,
                               const float* values, std::size_t column, const float* inverse, float* out) {
    Lanes acc[kHeads][kVectors];
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            acc[h][v] = zero();
        }
    }
    for (std::size_t g = 0; g < window.groups; ++g) {
        const KeyRange lanes = visible_lanes(window, g);
        const float* row = values + (ring_group(window, g) * 16 + lanes.begin) * d + column;
        for (std::size_t j = lanes.begin; j < lanes.end; ++j, row += d) {
            Lanes value[kVectors];
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v) {
                value[v] = load(row + 16 * v);
            }
#pragma GCC unroll 8
            for (int h = 0; h < kHeads; ++h) {
                const Lanes x = broadcast(p[static_cast<std::size_t>(h) * strip + g * 16 + j]);
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v) {
                    acc[h][v] = fma(x, value[v], acc[h][v]);
                }
            }
        }
    }
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            store(out + static_cast<std::size_t>(h) * d + column + 16 * static_cast<std::size_t>(v),
                  add(mul(acc[h][v], broadcast(inverse[h])), zero()));
        }
    }
}

/// step_shared_values of all columns of kHeads heads.
template <int kHeads>
inline void step_heads_values(const StepWindow& window, std::size_t d, const float* p, std::size_t strip,
                              const float* values, const float* inverse, float* out) {
    std::size_t column = 0;
    for (; column + 32 <= d; column += 32) {
        step_shared_values<kHeads, 2>(window, d, p, strip, values, column, inverse, out);
    }
    if (column < d) {
        step_shared_values<kHeads, 1>(window, d, p, strip, values, column, inverse, out);
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
    const std::size_t shared = shape.heads / shape.kv_heads;  // query heads of one key-value head
    const StepWindow window = step_window(shape, cache, position, oldest);
    const std::size_t strip = window.groups * 16;
    float* const inverse = scratch + shape.heads * strip;
    for (std::size_t head = 0; head < shape.heads;) {
        float* const scores = scratch + head * strip;
        const float* const keys = cache.k + head / shared * cache.ring * d;
        const std::size_t left = shared - head % shared;
        const std::size_t taken = left >= kStepHeads ? kStepHeads : 1;
        if (taken == 1) {
            step_all_scores<1, 2 * kStepGroups>(window, q + head * d, keys, d, scores, strip);
        } else {
            step_all_scores<kStepHeads, kStepGroups>(window, q + head * d, keys, d, scores, strip);
        }
        for (std::size_t end = head + taken; head < end; ++head) {
            inverse[head] = step_numerators(shape, window, scratch + head * strip);
        }
    }
    if (shared >= 2) {
        for (std::size_t head = 0; head < shape.heads;) {
            const float* const p = scratch + head * strip;
            const float* const values = cache.v + head / shared * cache.ring * d;
            const std::size_t left = shared - head % shared;
            if (left >= kStepHeads) {
                step_heads_values<kStepHeads>(window, d, p, strip, values, inverse + head, out + head * d);
                head += kStepHeads;
            } else if (left >= 2) {
                step_heads_values<2>(window, d, p, strip, values, inverse + head, out + head * d);
                head += 2;
            } else {
                step_heads_values<1>(window, d, p, strip, values, inverse + head, out + head * d);
                ++head;
            }
        }
        return;
    }
    const std::size_t units = shape.heads * d / 16;
    std::size_t unit = 0;
    for (; unit + kStepUnits <= units; unit += kStepUnits) {
        step_output<kStepUnits>(shape, cache, window, scratch, strip, inverse, unit, out);
    }
    for (; unit < units; ++unit) {
        step_output<1>(shape, cache, window, scratch, strip, inverse, unit, out);
    }
}
