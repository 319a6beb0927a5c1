#pragma once
/// \file The class A kernels: every function gives the same bits for every instruction set.
///
/// All are serial; the model's code splits work by output rows or columns and calls them from parallel_for.
/// "Chain" means one sequence of fused multiply-adds in ascending order; "lane sum" means 16 partial sums,
/// element i in lane i mod 16, each lane a chain, joined by the halving tree (l[i] + l[i+8], then +4, +2,
/// +1). Unless said otherwise inputs and outputs do not overlap, and every row length may be any number, 0
/// included. Row-major everywhere.

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace bitlaw::kernels {

/// Columns of one packed panel: two 16-float vectors, so that a 12 x 32 tile fills 24 of 32 AVX-512
/// registers.
inline constexpr std::size_t kPanel = 32;

/// Floats that a packed K x N operand needs: N rounded up to whole panels.
[[nodiscard]] constexpr std::size_t packed_size(std::size_t k, std::size_t n) {
    return k * ((n + kPanel - 1) / kPanel) * kPanel;
}

/// 16-bit numbers that a packed K x N operand of the bf16 products needs: K rounded up to whole pairs.
[[nodiscard]] constexpr std::size_t packed_size_bf16(std::size_t k, std::size_t n) {
    return (k + 1) / 2 * 2 * ((n + kPanel - 1) / kPanel) * kPanel;
}

/// Rows of numbers in memory, `ld` numbers apart. Its functions are always inlined, so that no instruction
/// set's copy of them can be kept for all.
template <class Number>
struct RowsView {
    Number* data = nullptr;
    std::size_t ld = 0;

    constexpr RowsView() = default;
    [[gnu::always_inline]] constexpr RowsView(Number* first, std::size_t distance)
        : data(first), ld(distance) {}
    /// Rows to read of rows to write.
    template <class Other>
    requires std::is_same_v<Number, const Other>
    [[gnu::always_inline]] constexpr RowsView(RowsView<Other> rows) : data(rows.data), ld(rows.ld) {}
    /// Row r.
    [[nodiscard, gnu::always_inline]] constexpr Number* operator[](std::size_t r) const {
        return data + r * ld;
    }
};
/// Rows that a kernel reads, and rows that it writes.
using Rows = RowsView<const float>;
using OutRows = RowsView<float>;

/// What a product's chain starts from.
enum class ChainStart : std::uint8_t { zero, bias, accumulate };

/// Attention of `heads` query heads over `kv_heads` key-value heads (heads % kv_heads == 0); query head h
/// reads key-value head h / (heads / kv_heads). A query at position t sees the keys max(0, t - window + 1) ..
/// t.
struct AttentionShape {
    std::size_t heads;
    std::size_t kv_heads;
    std::size_t head_width;  ///< D, a multiple of 16, at most 128
    std::size_t window;      ///< at least 1
    bool subtract_maximum;   ///< softmax subtracts the row's maximum; false where QK-norm bounds the scores
};

/// Queries and keys of one sequence. Key row i has position key_position + i; query row i has the position of
/// key row past + i; so there are past + queries keys. key_position is a multiple of 16 and key rows older
/// than any window may be missing only if no query needs them.
struct AttentionBlock {
    const float* q;  ///< [queries, heads * D], prepared: scores come out in units of log2
    std::size_t ldq;
    const float* k;  ///< [past + queries, kv_heads * D]
    std::size_t ldk;
    const float* v;  ///< [past + queries, kv_heads * D]
    std::size_t ldv;
    std::size_t queries;
    std::size_t past;
};

/// Ring-buffer caches of keys and values of S streams that are at the same position. Position p lives in slot
/// p % ring; ring is a multiple of 16 and at least window + 15, so that no group of 16 slots holds both ends
/// of the window.
struct AttentionCache {
    float* k;          ///< [S, kv_heads, ring / 16, D, 16]: lanes run over keys
    float* v;          ///< [S, kv_heads, ring, D]: lanes run over the head width
    std::size_t ring;  ///< slots
};

/// The same with keys and values rounded to bfloat16. Two that are read one after the other lie beside each
/// other, so that one load and two shifts widen both.
struct AttentionCacheBf16 {
    std::uint16_t* k;  ///< [S, kv_heads, ring / 16, D / 2, 16, 2]: columns 2 i and 2 i + 1 of a key
    std::uint16_t* v;  ///< [S, kv_heads, ring / 2, D, 2]: slots 2 i and 2 i + 1
    std::size_t ring;  ///< slots
};

/// What attention gives: maximum and inverse are m and 1 / l of every query and head.
template <class Number>
struct AttentionResult {
    RowsView<Number> out;  ///< [queries, heads * D]
    Number* maximum;       ///< [queries, heads]
    Number* inverse;       ///< [queries, heads]
};

/// Gradients of queries, keys and values.
template <class Real>
struct AttentionGradients {
    RowsView<Real> q;  ///< [queries, heads * D]
    RowsView<Real> k;  ///< [queries, kv_heads * D]
    RowsView<Real> v;  ///< [queries, kv_heads * D]
};

/// How the heads of rows are turned.
template <class Real>
struct Rotation {
    std::size_t heads;
    std::size_t head_width;  ///< D
    const Real* cosine;      ///< [rows, D/2]
    const Real* sine;        ///< [rows, D/2]
    bool normalise;          ///< divides by the root of the mean square first
    Real factor;
};

/// Slots that a cache for this window needs.
[[nodiscard]] constexpr std::size_t ring_size(std::size_t window) { return (window + 15 + 15) / 16 * 16; }

/// Options of one AdamW step (Loshchilov and Hutter 2019, algorithm 2).
struct AdamStep {
    float learning_rate;
    float beta1;
    float beta2;
    float epsilon;
    float weight_decay;      ///< decoupled: w -= learning_rate * weight_decay * w
    float bias_correction1;  ///< 1 / (1 - beta1^t)
    float bias_correction2;  ///< 1 / (1 - beta2^t)
    float gradient_scale;    ///< clipping factor that multiplies every gradient first
};

/// The functions of one instruction set.
struct Kernels {
    const char* name;  ///< "scalar", "avx2" or "avx512"

    // ---- products
    // -------------------------------------------------------------------------------------------------

    /// Packs W [k, n] into panels: packed[p][kk][j] = W[kk][32 p + j], zero beyond n.
    void (*pack)(Rows w, std::size_t k, std::size_t n, float* packed);
    /// The same for the transpose of W [n, k]: packed[p][kk][j] = W[32 p + j][kk], zero beyond n.
    void (*pack_transposed)(Rows w, std::size_t k, std::size_t n, float* packed);

    /// C[r][j] = start + sum over kk of A[r][kk] * W[kk][j]; one chain per element from 0, bias[j] or
    /// C[r][j]. A [rows, k], packed W [k, n], C [rows, n].
    void (*product)(Rows a, std::size_t rows, const float* packed, std::size_t k, std::size_t n,
                    ChainStart start, const float* bias, OutRows c);

    /// G[kk][j] += sum over rows r ascending of X[r][kk] * Y[r][j], continuing the chain in G.
    /// X [rows, k], Y [rows, n], G [k, n].
    void (*weight_gradient)(Rows x, Rows y, std::size_t rows, std::size_t k, std::size_t n, OutRows g);

    // ---- products of numbers rounded to bfloat16, summed in fp32
    // ----------------------------------------------
    //
    // Factors are rounded to nearest even, denormals counting as zero; NaN stays NaN. Chains run over
    // ascending pairs of positions, the odd one of a pair first; a last pair that lacks its odd position has
    // zeros there. Each step is one fused multiply-add, rounded to nearest even; denormal inputs, the chain's
    // own included, count as zero of their sign, and so do results that are tiny after rounding. This is what
    // vdpbf16ps does on Zen 4 and Zen 5. A chain without a pair is its start, unchanged. Class A, but for
    // sign and payload of NaN.

    /// Rounds and packs W [k, n] into panels: packed[p][i][j][s] = W[2 i + s][32 p + j], zero beyond k and n.
    void (*pack_bf16)(Rows w, std::size_t k, std::size_t n, std::uint16_t* packed);
    /// The same for the transpose of W [n, k]: packed[p][i][j][s] = W[32 p + j][2 i + s], zero beyond k and
    /// n.
    void (*pack_transposed_bf16)(Rows w, std::size_t k, std::size_t n, std::uint16_t* packed);

    /// C[r][j] = start + sum over kk of A[r][kk] * W[kk][j], as above, from 0, bias[j] or C[r][j].
    /// A [rows, k] is rounded here, W [k, n] is packed, C [rows, n]. Takes 300 KB of stack.
    void (*product_bf16)(Rows a, std::size_t rows, const std::uint16_t* packed, std::size_t k, std::size_t n,
                         ChainStart start, const float* bias, OutRows c);

    /// G[kk][j] += sum over rows r of X[r][kk] * Y[r][j], as above, continuing the chain in G; rows may be
    /// split among calls after any even number of them, for the same bits. X [rows, k], Y [rows, n] are
    /// rounded here, G [k, n]. Takes 420 KB of stack.
    void (*weight_gradient_bf16)(Rows x, Rows y, std::size_t rows, std::size_t k, std::size_t n, OutRows g);

    // ---- sums of columns
    // --------------------------------------------------------------------------------------

    /// g[j] += sum over rows r ascending of y[r][j] (plain additions in that order). y [rows, n].
    void (*column_sums)(Rows y, std::size_t rows, std::size_t n, float* g);
    /// g[j] += sum over rows r ascending of x[r][j] * y[r][j], continuing the chain in g.
    void (*column_products)(Rows x, Rows y, std::size_t rows, std::size_t n, float* g);

    // ---- norms, row by row
    // ------------------------------------------------------------------------------------------

    /// inverse[r] = 1 / sqrt(lanesum(x^2) / n + 1e-6), y = x * inverse. x, y [rows, n]; y may be x.
    /// (Zhang and Sennrich 2019, without gain.)
    void (*rms_norm)(Rows x, std::size_t rows, std::size_t n, OutRows y, float* inverse);
    /// dx += inverse * (dy - y * lanesum(dy * y) / n), with y the forward's result. All [rows, n].
    void (*rms_norm_backward)(Rows dy, Rows y, const float* inverse, std::size_t rows, std::size_t n,
                              OutRows dx);
    /// mean = lanesum(x) / n; inverse[r] = 1 / sqrt(lanesum((x - mean)^2) / n + 1e-5);
    /// normal = (x - mean) * inverse; y = fma(normal, gain, bias). x, normal, y [rows, n]; gain, bias [n].
    /// normal may be x or null (not kept); y may be x. (Ba et al. 2016)
    void (*layer_norm)(Rows x, std::size_t rows, std::size_t n, const float* gain, const float* bias,
                       OutRows normal, OutRows y, float* inverse);
    /// g = dy * gain; dx = inverse * (g - lanesum(g) / n - normal * lanesum(g * normal) / n). dx overwritten,
    /// may be dy.
    void (*layer_norm_backward)(Rows dy, Rows normal, const float* inverse, const float* gain,
                                std::size_t rows, std::size_t n, OutRows dx);

    // ---- element by element (flat arrays of n floats)
    // ---------------------------------------------------------------

    /// y = x * sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3): the tanh form of GELU. y may be x. (Hendrycks,
    /// Gimpel 2016)
    void (*gelu)(const float* x, std::size_t n, float* y);
    /// dx = dy * gelu'(x); dx may be dy.
    void (*gelu_backward)(const float* x, const float* dy, std::size_t n, float* dx);
    /// y = max(x, 0)^2; y may be x. (So et al. 2021, "Primer")
    void (*squared_relu)(const float* x, std::size_t n, float* y);
    /// dx = dy * 2 max(x, 0); dx may be dy.
    void (*squared_relu_backward)(const float* x, const float* dy, std::size_t n, float* dx);
    /// y = g sigmoid(g) u, g [n] the gate, u [n] what passes it; y may be g or u. (Ramachandran et al. 2017;
    /// Shazeer 2020, "SwiGLU")
    void (*silu_gate)(const float* g, const float* u, std::size_t n, float* y);
    /// dg = dy u silu'(g), du = dy silu(g); du may be dy.
    void (*silu_gate_backward)(const float* g, const float* u, const float* dy, std::size_t n, float* dg,
                               float* du);
    /// y = max(g, 0)^2 u; y may be g or u.
    void (*squared_relu_gate)(const float* g, const float* u, std::size_t n, float* y);
    /// dg = dy u 2 max(g, 0), du = dy max(g, 0)^2; du may be dy.
    void (*squared_relu_gate_backward)(const float* g, const float* u, const float* dy, std::size_t n,
                                       float* dg, float* du);
    /// y += x.
    void (*add)(const float* x, std::size_t n, float* y);
    /// y = x * factor; y may be x.
    void (*scale)(const float* x, float factor, std::size_t n, float* y);
    /// y = x rounded to bfloat16 (nearest even) and widened again; y may be x. NaN stays NaN.
    void (*round_bf16)(const float* x, std::size_t n, float* y);
    /// The lane sum of squares of x.
    float (*sum_squares)(const float* x, std::size_t n);
    /// One AdamW step: g = gradient * gradient_scale; m = fma(beta1, m, (1 - beta1) g); v = fma(beta2, v, ((1
    /// - beta2) g) g); w = w - rate * weight_decay * w - rate * (m c1) / (sqrt(v c2) + epsilon), every step
    /// one IEEE operation.
    void (*adam)(const AdamStep& step, const float* gradient, std::size_t n, float* w, float* m, float* v);

    // ---- rotary positions and QK-norm (Su et al. 2021; Henry et al. 2020)
    // ----------------------------------------------

    /// For every row and head, in place: x = x * inverse (when normalise: inverse = 1 / sqrt(lanesum(x^2) / D
    /// + 1e-6), stored in inverse[row * heads + head]), rotate the pairs (i, i + D/2) by the row's angles,
    /// multiply by factor. y1 = fma(x1, cos, -(x2 * sin)), y2 = fma(x2, cos, x1 * sin). x [rows, heads * D];
    /// cosine, sine [rows, D/2].
    void (*rotate)(OutRows x, std::size_t rows, const Rotation<float>& rotation, float* inverse);
    /// Gradient of `rotate`: dx in place, y the forward's result (read only when normalise).
    void (*rotate_backward)(OutRows dx, Rows y, std::size_t rows, const Rotation<float>& rotation,
                            const float* inverse);

    // ---- attention (Vaswani et al. 2017; grouped heads: Ainslie et al. 2023)
    // --------------------------------------------

    /// Floats of scratch memory that the block functions need.
    std::size_t (*attention_scratch)(const AttentionShape& shape, std::size_t queries, std::size_t past);

    /// For the query heads of key-value head `kv_head` and the query rows first .. last-1:
    /// s_j = chain over d of q_d k_jd; p_j = 2^(s_j - m), m = the maximum over the window or 0; l = sum of
    /// p_j in 16 lanes by position mod 16 (each lane ascending), halving tree; out_d = (chain over j
    /// ascending of p_j v_jd) * (1 / l). maximum, inverse [queries, heads] receive m and 1 / l. out [queries,
    /// heads * D]. `first` is a multiple of 16. Zeros of m and out are positive, so that masked keys leave no
    /// trace.
    void (*attention_forward)(const AttentionShape& shape, const AttentionBlock& block, std::size_t kv_head,
                              std::size_t first, std::size_t last, const AttentionResult<float>& result,
                              float* scratch);
    /// Gradients of attention_forward for all queries of one key-value head, past == 0. With P_j = p_j / l
    /// and delta = chain over d of dout_d out_d: dp_j = chain over d of dout_d v_jd; ds_j = P_j (dp_j -
    /// delta) ln 2; dq_d = chain over j ascending of ds_j k_jd; dk_jd, dv_jd = chains over the group's heads
    /// ascending, then queries ascending, of ds_j q_d and P_j dout_d. dq [queries, heads * D], dk, dv
    /// [queries, kv_heads * D]: this head's columns are overwritten. Zeros are positive.
    void (*attention_backward)(const AttentionShape& shape, const AttentionBlock& block, std::size_t kv_head,
                               const AttentionResult<const float>& forward, Rows dout,
                               const AttentionGradients<float>& gradients, float* scratch);
    /// Writes k, v [streams, kv_heads * D] of `position` into the caches.
    void (*attention_append)(const AttentionShape& shape, const AttentionCache& cache, std::size_t streams,
                             std::uint64_t position, Rows k, Rows v);
    /// The same, rounded as round_bf16 does.
    void (*attention_append_bf16)(const AttentionShape& shape, const AttentionCacheBf16& cache,
                                  std::size_t streams, std::uint64_t position, Rows k, Rows v);
    /// Floats of scratch memory that attention_step needs, for any number of streams.
    std::size_t (*attention_step_scratch)(const AttentionShape& shape);
    /// The same bits as attention_forward for one query of each stream at `position`, whose own key is
    /// already in the cache. `oldest` is the first position of the contexts (0, or where the streams were
    /// last reset). q, out [streams, heads * D].
    void (*attention_step)(const AttentionShape& shape, const AttentionCache& cache, std::size_t streams,
                           std::uint64_t position, std::uint64_t oldest, Rows q, OutRows out, float* scratch);
    /// The same bits as attention_forward for keys and values that round_bf16 has rounded.
    void (*attention_step_bf16)(const AttentionShape& shape, const AttentionCacheBf16& cache,
                                std::size_t streams, std::uint64_t position, std::uint64_t oldest, Rows q,
                                OutRows out, float* scratch);

    // ---- output
    // -----------------------------------------------------------------------------------------------------

    /// For every row: m = max; e_j = 2^((x_j - m) * log2(e)); total[r] = lanesum(e). e [rows, n], may be x.
    void (*softmax_numerators)(Rows x, std::size_t rows, std::size_t n, OutRows e, float* total);
    /// Gradient of the mean negative log-likelihood: dx_j = e_j * (factor / total) - (j == target ? factor :
    /// 0). e, total from softmax_numerators; targets [rows] < n. dx may be e.
    void (*cross_entropy_backward)(Rows e, const float* total, const std::uint32_t* targets, float factor,
                                   std::size_t rows, std::size_t n, OutRows dx);
    /// Integer frequencies: e_j as above; frequency_j = 1 + floor(e_j * (2^24 - 1)); so the likeliest symbol
    /// gets 2^24 and every symbol at least 1. x, frequency [rows, n].
    void (*frequencies)(Rows x, std::size_t rows, std::size_t n, RowsView<std::uint32_t> frequency);
};

/// The kernels of the chosen instruction set.
[[nodiscard]] const Kernels& kernel_table();

}  // namespace bitlaw::kernels
