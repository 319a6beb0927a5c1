// f(x) = attention(rotate(x Q), rotate(x K), x V) O over a sliding window, heads of keys and values shared by
// groups of query heads (Vaswani et al. 2017; Su et al. 2021; Ainslie et al. 2023; QK-norm: Henry et al.
// 2020).

#include <algorithm>
#include <cmath>

#include "bitlaw/model/blocks.hpp"

namespace bitlaw::model {
namespace {

using kernels::AttentionShape;
using kernels::ChainStart;

enum Tensors : std::size_t { kQkv, kOut };
enum Values : std::size_t {
    kRotated,
    kQueryInverse,
    kKeyInverse,
    kMaximum,
    kInverse,
    kAttended,
    kNarrow,
    kNarrowAttended
};
enum Gradients : std::size_t { kDqkv, kDattended, kDnarrow, kDnarrowAttended };

constexpr double kLog2E = 1.44269504088896340736;

/// QK-norm makes |q| = |k| = sqrt(D), so a score lies within +-D times the scale. Scale 10 / D bounds it by
/// 10: sharp enough to pick one key among the window's hundreds (e^20 between best and worst), and sums of
/// e^10 stay far inside fp32 without subtracting a maximum.
constexpr double kNormedScoreBound = 10.0;

/// Queries that one task takes; keys of the window are packed once for them.
constexpr std::size_t kTaskQueries = 256;

/// The kernels' heads are multiples of 16 wide. A narrower head d is computed as one of width D with zeros
/// behind each half, which add nothing to any score or sum; tensors and their gradients keep width d.
struct Widths {
    explicit Widths(const BlockSpec& s)
        : width(s.width),
          stored(s.attention.head_width),
          head((stored + 15) / 16 * 16),
          queries(s.attention.heads * head),
          keys(s.attention.kv_heads * head),
          projected(queries + 2 * keys) {}
    [[nodiscard]] bool narrow() const { return stored != head; }
    /// Columns of tensors that belong to so many columns of whole heads.
    [[nodiscard]] std::size_t of(std::size_t columns) const { return columns / head * stored; }
    std::size_t width;      // C
    std::size_t stored;     // d
    std::size_t head;       // D
    std::size_t queries;    // H D
    std::size_t keys;       // Hkv D
    std::size_t projected;  // (H + 2 Hkv) D: queries, keys, values side by side
};

/// Halves of heads [n, heads, 2, d/2] -> [n, heads, 2, D/2], zeros behind.
void widen(const Widths& w, const float* from, std::size_t halves, float* to) {
    for (std::size_t i = 0; i < halves; ++i) {
        std::copy_n(from + i * w.stored / 2, w.stored / 2, to + i * w.head / 2);
        std::fill_n(to + i * w.head / 2 + w.stored / 2, (w.head - w.stored) / 2, 0.0F);
    }
}

/// And back.
void narrow(const Widths& w, const float* from, std::size_t halves, float* to) {
    for (std::size_t i = 0; i < halves; ++i) {
        std::copy_n(from + i * w.head / 2, w.stored / 2, to + i * w.stored / 2);
    }
}

/// Halves of heads in n rows of so many columns.
std::size_t halves(const Widths& w, std::size_t n, std::size_t columns) { return n * columns / w.head * 2; }

AttentionShape shape_of(const BlockSpec& s) {
    const AttentionOptions& a = s.attention;
    return {a.heads, a.kv_heads, Widths(s).head, a.window, !a.qk_norm};
}

/// What queries are multiplied with, so that attention's 2^(q k) is softmax's numerator.
float query_factor(const AttentionOptions& a) {
    const auto width = static_cast<double>(a.head_width);
    const double scale = a.qk_norm ? kNormedScoreBound / width : 1.0 / std::sqrt(width);
    return static_cast<float>(scale * kLog2E);
}

std::vector<TensorSpec> tensors(const BlockSpec& s) {
    const Widths w(s);
    const std::size_t queries = w.of(w.queries);
    const std::size_t keys = w.of(w.keys);
    return {{"qkv", w.width, w.of(w.projected), Group::matrix, Init::product, {queries, keys, keys}},
            {"attention_out", queries, w.width, Group::matrix, s.residual}};
}

std::vector<Value> values(const BlockSpec& s) {
    const Widths w(s);
    const AttentionOptions& a = s.attention;
    return {{w.projected, Lifetime::crosses},
            {a.qk_norm ? a.heads : 0, Lifetime::kept},
            {a.qk_norm ? a.kv_heads : 0, Lifetime::kept},
            {a.heads, Lifetime::crosses},
            {a.heads, Lifetime::crosses},
            {w.queries, Lifetime::crosses},
            {w.narrow() ? w.of(w.projected) : 0, Lifetime::tile},
            {w.narrow() ? w.of(w.queries) : 0, Lifetime::kept}};
}

std::vector<std::size_t> gradients(const BlockSpec& s) {
    const Widths w(s);
    return {w.projected, w.queries, w.narrow() ? w.of(w.projected) : 0, w.narrow() ? w.of(w.queries) : 0};
}

// ---- rows
// -------------------------------------------------------------------------------------------------------

void begin(const BlockView& b, const BlockRows& rows, std::size_t n) {
    const kernels::Kernels& k = kernels::kernel_table();
    const AttentionOptions& a = b.spec.attention;
    const Widths w(b.spec);
    float* qkv = rows.value[kRotated];
    float* keys = qkv + w.queries;
    float* product = w.narrow() ? rows.value[kNarrow] : qkv;
    multiply(b.forward[kQkv], {rows.in, w.width}, n, ChainStart::zero, nullptr, {product, w.of(w.projected)});
    if (w.narrow()) {
        widen(w, product, halves(w, n, w.projected), qkv);
    }
    k.rotate({qkv, w.projected}, n, {a.heads, w.head, rows.cosine, rows.sine, a.qk_norm, query_factor(a)},
             rows.value[kQueryInverse]);
    k.rotate({keys, w.projected}, n, {a.kv_heads, w.head, rows.cosine, rows.sine, a.qk_norm, 1.0F},
             rows.value[kKeyInverse]);
    if (a.cache == CachePrecision::bf16) {
        for (std::size_t row = 0; row < n; ++row) {  // keys and values, side by side
            k.round_bf16(keys + row * w.projected, 2 * w.keys, keys + row * w.projected);
        }
    }
}

void finish(const BlockView& b, const BlockRows& rows, std::size_t n) {
    const Widths w(b.spec);
    if (w.narrow()) {
        narrow(w, rows.value[kAttended], halves(w, n, w.queries), rows.value[kNarrowAttended]);
    }
    multiply(b.forward[kOut], {rows.value[w.narrow() ? kNarrowAttended : kAttended], w.of(w.queries)}, n,
             ChainStart::accumulate, nullptr, {rows.sum, w.width});
}

void finish_backward(const BlockView& b, const BlockRows& /*rows*/, const BlockGradients& g, std::size_t n) {
    const Widths w(b.spec);
    float* product = g.value[w.narrow() ? kDnarrowAttended : kDattended];
    multiply(b.backward[kOut], {g.dsum, w.width}, n, ChainStart::zero, nullptr, {product, w.of(w.queries)});
    if (w.narrow()) {
        widen(w, product, halves(w, n, w.queries), g.value[kDattended]);
    }
}

void begin_backward(const BlockView& b, const BlockRows& rows, const BlockGradients& g, std::size_t n) {
    const kernels::Kernels& k = kernels::kernel_table();
    const AttentionOptions& a = b.spec.attention;
    const Widths w(b.spec);
    const float* qkv = rows.value[kRotated];
    float* dqkv = g.value[kDqkv];
    k.rotate_backward({dqkv, w.projected}, {qkv, w.projected}, n,
                      {a.heads, w.head, rows.cosine, rows.sine, a.qk_norm, query_factor(a)},
                      rows.value[kQueryInverse]);
    k.rotate_backward({dqkv + w.queries, w.projected}, {qkv + w.queries, w.projected}, n,
                      {a.kv_heads, w.head, rows.cosine, rows.sine, a.qk_norm, 1.0F}, rows.value[kKeyInverse]);
    float* entering = w.narrow() ? g.value[kDnarrow] : dqkv;
    if (w.narrow()) {
        narrow(w, dqkv, halves(w, n, w.projected), entering);
    }
    multiply(b.backward[kQkv], {entering, w.of(w.projected)}, n, g.start, nullptr, {g.din, w.width});
}

void weight_gradients(const BlockView& b, const BlockRows& rows, const BlockGradients& g,
                      GradientTasks& tasks) {
    const bool narrow = Widths(b.spec).narrow();
    tasks.product(b.tensors[kOut], rows.value[narrow ? kNarrowAttended : kAttended], g.dsum);
    tasks.product(b.tensors[kQkv], rows.in, g.value[narrow ? kDnarrow : kDqkv]);
}

// ---- whole sequences
// ----------------------------------------------------------------------------------------------

std::size_t parts_of(std::size_t positions) { return (positions + kTaskQueries - 1) / kTaskQueries; }

std::size_t tasks(const BlockSpec& s, std::size_t positions) {
    return s.attention.kv_heads * parts_of(positions);
}

std::size_t backward_tasks(const BlockSpec& s, std::size_t /*positions*/) { return s.attention.kv_heads; }

std::size_t scratch_size(const BlockSpec& s, std::size_t positions) {
    return kernels::kernel_table().attention_scratch(shape_of(s), positions, 0);
}

kernels::AttentionBlock sequence_of(const Widths& w, const BlockRows& rows, std::size_t positions) {
    const float* qkv = rows.value[kRotated];
    return {.q = qkv,
            .ldq = w.projected,
            .k = qkv + w.queries,
            .ldk = w.projected,
            .v = qkv + w.queries + w.keys,
            .ldv = w.projected,
            .queries = positions,
            .past = 0};
}

void forward(const BlockSpec& s, const BlockRows& rows, std::size_t positions, std::size_t task,
             float* scratch) {
    const Widths w(s);
    const std::size_t parts = parts_of(positions);
    const std::size_t first = (parts - 1 - task % parts) * kTaskQueries;
    kernels::kernel_table().attention_forward(
        shape_of(s), sequence_of(w, rows, positions), task / parts, first,
        std::min(positions, first + kTaskQueries),
        {{rows.value[kAttended], w.queries}, rows.value[kMaximum], rows.value[kInverse]}, scratch);
}

void backward(const BlockSpec& s, const BlockRows& rows, const BlockGradients& g, std::size_t positions,
              std::size_t task, float* scratch) {
    const Widths w(s);
    float* dqkv = g.value[kDqkv];
    kernels::kernel_table().attention_backward(
        shape_of(s), sequence_of(w, rows, positions), task,
        {{rows.value[kAttended], w.queries}, rows.value[kMaximum], rows.value[kInverse]},
        {g.value[kDattended], w.queries},
        {{dqkv, w.projected}, {dqkv + w.queries, w.projected}, {dqkv + w.queries + w.keys, w.projected}},
        scratch);
}

// ---- streams: ring buffers of keys, then of values
// ----------------------------------------------------------------

std::size_t cache_numbers(const BlockSpec& s, std::size_t streams) {
    return streams * kernels::ring_size(s.attention.window) * Widths(s).keys;
}

StateSize step_state(const BlockSpec& s, std::size_t streams) {
    const std::size_t numbers = 2 * cache_numbers(s, streams);
    return s.attention.cache == CachePrecision::bf16 ? StateSize{.halves = numbers}
                                                     : StateSize{.floats = numbers};
}

std::size_t step_scratch(const BlockSpec& s) {
    return kernels::kernel_table().attention_step_scratch(shape_of(s));
}

void step(const BlockSpec& s, const BlockRows& rows, std::size_t streams, std::uint64_t position,
          BlockState& state, float* scratch) {
    const kernels::Kernels& k = kernels::kernel_table();
    const Widths w(s);
    const AttentionShape shape = shape_of(s);
    const std::size_t ring = kernels::ring_size(s.attention.window);
    const std::size_t numbers = cache_numbers(s, streams);
    const float* q = rows.value[kRotated];        // [S, H D]
    const float* new_keys = q + w.queries;        // [S, Hkv D]
    const float* new_values = new_keys + w.keys;  // [S, Hkv D]
    if (s.attention.cache == CachePrecision::bf16) {
        const kernels::AttentionCacheBf16 cache{state.halves.data(), state.halves.data() + numbers, ring};
        k.attention_append_bf16(shape, cache, streams, position, {new_keys, w.projected},
                                {new_values, w.projected});
        k.attention_step_bf16(shape, cache, streams, position, 0, {q, w.projected},
                              {rows.value[kAttended], w.queries}, scratch);
        return;
    }
    const kernels::AttentionCache cache{state.floats.data(), state.floats.data() + numbers, ring};
    k.attention_append(shape, cache, streams, position, {new_keys, w.projected}, {new_values, w.projected});
    k.attention_step(shape, cache, streams, position, 0, {q, w.projected}, {rows.value[kAttended], w.queries},
                     scratch);
}

// ---- one stream by pieces: the rows of keys and values [capacity, 2 Hkv D] that queries still see, the
// oldest first, at a position that is a multiple of 16
// ----------------------------------------------------------------

/// The window, one piece, and four pieces more, so that old rows are moved away only every fourth call; a
/// multiple of 16 as positions must keep their lane.
std::size_t capacity_of(const BlockSpec& s, std::size_t most) {
    return (s.attention.window + 15) / 16 * 16 + 16 + 5 * ((most + 15) / 16 * 16);
}

StateSize piece_state(const BlockSpec& s, std::size_t most) {
    return {.floats = capacity_of(s, most) * 2 * Widths(s).keys};
}

std::size_t piece_scratch(const BlockSpec& s, std::size_t most) {
    return kernels::kernel_table().attention_scratch(shape_of(s), most, capacity_of(s, most) - most);
}

/// Moves the rows that later queries still see to the front, when n more would not fit.
void make_room(const BlockSpec& s, std::size_t row_floats, std::size_t n, BlockState& state) {
    if ((state.rows + n) * row_floats <= state.floats.size()) {
        return;
    }
    const std::size_t needed = s.attention.window - 1;
    const std::size_t dropped = (state.rows - std::min(state.rows, needed)) / 16 * 16;
    float* history = state.floats.data();
    std::copy(history + dropped * row_floats, history + state.rows * row_floats, history);
    state.rows -= dropped;
}

void piece(const BlockSpec& s, const BlockRows& rows, std::size_t n, std::uint64_t position,
           BlockState& state, float* scratch) {
    const Widths w(s);
    const std::size_t row_floats = 2 * w.keys;
    if (position == 0) {
        state.rows = 0;
    }
    make_room(s, row_floats, n, state);
    float* history = state.floats.data();
    for (std::size_t row = 0; row < n; ++row) {
        const float* keys_values = rows.value[kRotated] + row * w.projected + w.queries;
        std::copy_n(keys_values, row_floats, history + (state.rows + row) * row_floats);
    }
    const kernels::AttentionBlock block{.q = rows.value[kRotated],
                                        .ldq = w.projected,
                                        .k = history,
                                        .ldk = row_floats,
                                        .v = history + w.keys,
                                        .ldv = row_floats,
                                        .queries = n,
                                        .past = state.rows};
    for (std::size_t head = 0; head < s.attention.kv_heads; ++head) {
        kernels::kernel_table().attention_forward(
            shape_of(s), block, head, 0, n,
            {{rows.value[kAttended], w.queries}, rows.value[kMaximum], rows.value[kInverse]}, scratch);
    }
    state.rows += n;
}

// ---- counting
// ------------------------------------------------------------------------------------------------------

/// 4 H D for every query and key that it sees: min(t + 1, window) at position t.
double flops(const BlockSpec& s, std::uint64_t first, std::uint64_t count) {
    const std::uint64_t window = s.attention.window;
    const auto seen_below = [window](std::uint64_t end) {
        const auto rising = static_cast<double>(std::min(end, window));
        const double flat =
            end > window ? static_cast<double>(end - window) * static_cast<double>(window) : 0.0;
        return rising * (rising + 1) / 2 + flat;
    };
    const Widths w(s);
    return 4.0 * static_cast<double>(w.of(w.queries)) * (seen_below(first + count) - seen_below(first));
}

constexpr Mixing kMixing = {.tasks = tasks,
                            .backward_tasks = backward_tasks,
                            .scratch = scratch_size,
                            .forward = forward,
                            .backward = backward,
                            .step_state = step_state,
                            .step_scratch = step_scratch,
                            .step = step,
                            .piece_state = piece_state,
                            .piece_scratch = piece_scratch,
                            .piece = piece,
                            .flops = flops};

}  // namespace

const Block kAttention = {.name = "attention",
                          .tensors = tensors,
                          .values = values,
                          .gradients = gradients,
                          .begin = begin,
                          .finish = finish,
                          .finish_backward = finish_backward,
                          .begin_backward = begin_backward,
                          .weight_gradients = weight_gradients,
                          .mixing = &kMixing};

}  // namespace bitlaw::model
