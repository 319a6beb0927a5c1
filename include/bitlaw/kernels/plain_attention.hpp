#pragma once
/// \file Rotary positions and attention as straightforward loops: the specification of the fast kernels.
///
/// The float instances give exactly the bits of the kernels for every instruction set; the double instances
/// are the oracles of tests and of finite differences. Docstrings, shapes and sources: kernels.hpp, same
/// names.

#include <cmath>
#include <cstddef>
#include <limits>

#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain.hpp"

namespace bitlaw::kernels::plain {

/// The lane sum of x * y over n numbers.
template <class Real>
[[nodiscard]] Real lane_product(const Real* x, const Real* y, std::size_t n) {
    LaneSum<Real> sum;
    for (std::size_t i = 0; i < n; ++i) {
        sum.add_product(i, x[i], y[i]);
    }
    return sum.total();
}

/// The chain over d of x_d * y_d.
template <class Real>
[[nodiscard]] Real chain_product(const Real* x, const Real* y, std::size_t d) {
    Real sum = 0;
    for (std::size_t i = 0; i < d; ++i) {
        sum = std::fma(x[i], y[i], sum);
    }
    return sum;
}

/// Kernels::rotate.
template <class Real>
void rotate(Out<Real> x, std::size_t rows, const Rotation<Real>& rotation, Real* inverse) {
    const auto& [heads, head_width, cosine, sine, normalise, factor] = rotation;
    const std::size_t half = head_width / 2;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t head = 0; head < heads; ++head) {
            Real* const pair = x[row] + head * head_width;
            Real norm = 1;
            if (normalise) {
                norm = 1 / std::sqrt(lane_product(pair, pair, head_width) / static_cast<Real>(head_width) +
                                     static_cast<Real>(1e-6F));
                inverse[row * heads + head] = norm;
            }
            for (std::size_t i = 0; i < half; ++i) {
                const Real c = cosine[row * half + i];
                const Real s = sine[row * half + i];
                const Real x1 = pair[i] * norm;
                const Real x2 = pair[half + i] * norm;
                pair[i] = std::fma(x1, c, 0 - x2 * s) * factor;
                pair[half + i] = std::fma(x2, c, x1 * s) * factor;
            }
        }
    }
}

/// Kernels::rotate_backward: g = dy * factor - y * ((lanesum(dy * y) / D) / factor), turned back, times
/// inverse.
template <class Real>
void rotate_backward(Out<Real> dx, In<Real> y, std::size_t rows, const Rotation<Real>& rotation,
                     const Real* inverse) {
    const auto& [heads, head_width, cosine, sine, normalise, factor] = rotation;
    const std::size_t half = head_width / 2;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t head = 0; head < heads; ++head) {
            Real* const pair = dx[row] + head * head_width;
            const Real* const result = normalise ? y[row] + head * head_width : nullptr;
            const Real norm = normalise ? inverse[row * heads + head] : 1;
            const Real share =
                normalise ? lane_product(pair, result, head_width) / static_cast<Real>(head_width) / factor
                          : 0;
            for (std::size_t i = 0; i < half; ++i) {
                const Real c = cosine[row * half + i];
                const Real s = sine[row * half + i];
                Real g1 = pair[i] * factor;
                Real g2 = pair[half + i] * factor;
                if (normalise) {
                    g1 -= result[i] * share;
                    g2 -= result[half + i] * share;
                }
                pair[i] = std::fma(g1, c, g2 * s) * norm;
                pair[half + i] = std::fma(g2, c, 0 - g1 * s) * norm;
            }
        }
    }
}

/// AttentionBlock for any real type.
template <class Real>
struct Block {
    const Real* q;  ///< [queries, heads * D]
    std::size_t ldq;
    const Real* k;  ///< [past + queries, kv_heads * D]
    std::size_t ldk;
    const Real* v;  ///< [past + queries, kv_heads * D]
    std::size_t ldv;
    std::size_t queries;
    std::size_t past;
};

/// First key row that the query at key row `row` sees; the last one is `row`.
[[nodiscard]] inline std::size_t first_key(const AttentionShape& shape, std::size_t row) {
    return row + 1 > shape.window ? row + 1 - shape.window : 0;
}

/// Kernels::attention_forward for all heads and queries. Zeros in `maximum` and `out` are positive.
template <class Real>
void attention_forward(const AttentionShape& shape, const Block<Real>& block,
                       const AttentionResult<Real>& attended) {
    const std::size_t d = shape.head_width;
    const auto [out, maximum, inverse] = attended;
    for (std::size_t query = 0; query < block.queries; ++query) {
        const std::size_t last = block.past + query;
        const std::size_t first = first_key(shape, last);
        for (std::size_t head = 0; head < shape.heads; ++head) {
            const std::size_t column = head / (shape.heads / shape.kv_heads) * d;
            const Real* const q = block.q + query * block.ldq + head * d;
            const auto score = [&](std::size_t j) {
                return chain_product(q, block.k + j * block.ldk + column, d);
            };
            Real most = shape.subtract_maximum ? -std::numeric_limits<Real>::infinity() : 0;
            for (std::size_t j = first; shape.subtract_maximum && j <= last; ++j) {
                most = score(j) > most ? score(j) : most;
            }
            most += 0;
            LaneSum<Real> sum;
            Real* const result = out[query] + head * d;
            for (std::size_t i = 0; i < d; ++i) {
                result[i] = 0;
            }
            for (std::size_t j = first; j <= last; ++j) {
                const Real p = bounded_exp2(score(j) - most);
                sum.add(j, p);
                for (std::size_t i = 0; i < d; ++i) {
                    result[i] = std::fma(p, block.v[j * block.ldv + column + i], result[i]);
                }
            }
            const Real factor = 1 / sum.total();
            for (std::size_t i = 0; i < d; ++i) {
                result[i] = result[i] * factor + 0;
            }
            maximum[query * shape.heads + head] = most;
            inverse[query * shape.heads + head] = factor;
        }
    }
}

/// Kernels::attention_backward for all heads: P_j = p_j * inverse, ds_j = (P_j * (dp_j - delta)) * ln 2.
/// Zeros in dq, dk and dv are positive.
template <class Real>
void attention_backward(const AttentionShape& shape, const Block<Real>& block,
                        const AttentionResult<const Real>& forward, In<Real> dout,
                        const AttentionGradients<Real>& gradients) {
    const std::size_t d = shape.head_width;
    const auto [out, maximum, inverse] = forward;
    const auto [dq, dk, dv] = gradients;
    const std::size_t width = shape.kv_heads * d;
    for (std::size_t j = 0; j < block.queries; ++j) {
        for (std::size_t i = 0; i < width; ++i) {
            dk[j][i] = 0;
            dv[j][i] = 0;
        }
    }
    for (std::size_t head = 0; head < shape.heads; ++head) {
        const std::size_t column = head / (shape.heads / shape.kv_heads) * d;
        for (std::size_t query = 0; query < block.queries; ++query) {
            const Real* const q = block.q + query * block.ldq + head * d;
            const Real* const g = dout[query] + head * d;
            Real* const dq_row = dq[query] + head * d;
            const Real delta = chain_product(g, out[query] + head * d, d);
            for (std::size_t i = 0; i < d; ++i) {
                dq_row[i] = 0;
            }
            for (std::size_t j = first_key(shape, query); j <= query; ++j) {
                const Real* const k = block.k + j * block.ldk + column;
                const Real score = chain_product(q, k, d) - maximum[query * shape.heads + head];
                const Real p = bounded_exp2(score) * inverse[query * shape.heads + head];
                const Real dp = chain_product(g, block.v + j * block.ldv + column, d);
                const Real ds = p * (dp - delta) * static_cast<Real>(0.69314718055994531L);
                for (std::size_t i = 0; i < d; ++i) {
                    dq_row[i] = std::fma(ds, k[i], dq_row[i]);
                    dk[j][column + i] = std::fma(ds, q[i], dk[j][column + i]);
                    dv[j][column + i] = std::fma(p, g[i], dv[j][column + i]);
                }
            }
            for (std::size_t i = 0; i < d; ++i) {
                dq_row[i] += 0;
            }
        }
    }
    for (std::size_t j = 0; j < block.queries; ++j) {
        for (std::size_t i = 0; i < width; ++i) {
            dk[j][i] += 0;
            dv[j][i] += 0;
        }
    }
}

}  // namespace bitlaw::kernels::plain
