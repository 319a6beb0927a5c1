#pragma once
/// \file Products, norms, element-wise functions and output as straightforward loops: the specification of
/// the fast kernels.
///
/// The float instances give exactly the bits of the kernels for every instruction set; the double instances
/// are the oracles of tests and of finite differences. Docstrings, shapes and sources: kernels.hpp, same
/// names. Inline code of other instruction sets must not see this header.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <type_traits>

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::kernels::plain {

/// Rows to read and rows to write. `Real` is deduced from other arguments.
template <class Real>
using In = RowsView<const std::type_identity_t<Real>>;
template <class Real>
using Out = RowsView<std::type_identity_t<Real>>;

/// Sixteen partial sums: element i goes to lane i mod 16; total() joins them by the halving tree.
template <class Real>
class LaneSum {
   public:
    void add(std::size_t i, Real x) { lane_[i % 16] += x; }
    void add_product(std::size_t i, Real x, Real y) { lane_[i % 16] = std::fma(x, y, lane_[i % 16]); }
    [[nodiscard]] Real total() const {
        LaneSum tree = *this;
        for (std::size_t half = 8; half > 0; half /= 2) {
            for (std::size_t i = 0; i < half; ++i) {
                tree.lane_[i] += tree.lane_[i + half];
            }
        }
        return tree.lane_[0];
    }

   private:
    Real lane_[16] = {};
};

/// sum / n, and 0 for empty rows.
template <class Real>
[[nodiscard]] Real mean_of(Real sum, std::size_t n) {
    return n == 0 ? Real(0) : sum / static_cast<Real>(n);
}

/// 2^x bounded to [2^-126, 2^127], and 2^127 for NaN: the kernels' polynomial in float
/// (src/kernels/body/micro.inl), the library's function in double.
template <class Real>
[[nodiscard]] Real bounded_exp2(Real x) {
    x = x < Real(127) ? x : Real(127);
    x = x > Real(-126) ? x : Real(-126);
    if constexpr (std::is_same_v<Real, float>) {
        constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
        const float n = (x + kMagic) - kMagic;
        const float f = x - n;
        float p = 1.5403530393381608e-4F;
        for (const float factor : {1.3333558146428443e-3F, 9.6181291076284772e-3F, 5.5504108664821580e-2F,
                                   2.4022650695910071e-1F, 6.9314718055994531e-1F, 1.0F}) {
            p = std::fma(p, f, factor);
        }
        return std::ldexp(p, static_cast<int>(n));  // exact: p is near 1 and the result normal
    } else {
        return std::exp2(x);
    }
}

/// Kernels::product with W [k, n] unpacked.
template <class Real>
void product(In<Real> a, std::size_t rows, In<Real> w, std::size_t k, std::size_t n, ChainStart start,
             const Real* bias, Out<Real> c) {
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < n; ++j) {
            Real sum = start == ChainStart::accumulate ? c[r][j]
                       : start == ChainStart::bias     ? bias[j]
                                                       : Real(0);
            for (std::size_t kk = 0; kk < k; ++kk) {
                sum = std::fma(a[r][kk], w[kk][j], sum);
            }
            c[r][j] = sum;
        }
    }
}

template <class Real>
void weight_gradient(In<Real> x, In<Real> y, std::size_t rows, std::size_t k, std::size_t n, Out<Real> g) {
    for (std::size_t kk = 0; kk < k; ++kk) {
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t r = 0; r < rows; ++r) {
                g[kk][j] = std::fma(x[r][kk], y[r][j], g[kk][j]);
            }
        }
    }
}

template <class Real>
void column_sums(In<Real> y, std::size_t rows, std::size_t n, Real* g) {
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < n; ++j) {
            g[j] += y[r][j];
        }
    }
}

template <class Real>
void column_products(In<Real> x, In<Real> y, std::size_t rows, std::size_t n, Real* g) {
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < n; ++j) {
            g[j] = std::fma(x[r][j], y[r][j], g[j]);
        }
    }
}

template <class Real>
[[nodiscard]] Real sum_squares(const Real* x, std::size_t n) {
    LaneSum<Real> sum;
    for (std::size_t i = 0; i < n; ++i) {
        sum.add_product(i, x[i], x[i]);
    }
    return sum.total();
}

template <class Real>
void rms_norm(In<Real> x, std::size_t rows, std::size_t n, Out<Real> y, Real* inverse) {
    for (std::size_t r = 0; r < rows; ++r) {
        inverse[r] = 1 / std::sqrt(mean_of(sum_squares(x[r], n), n) + Real(1e-6F));
        for (std::size_t i = 0; i < n; ++i) {
            y[r][i] = x[r][i] * inverse[r];
        }
    }
}

template <class Real>
void rms_norm_backward(In<Real> dy, In<Real> y, const Real* inverse, std::size_t rows, std::size_t n,
                       Out<Real> dx) {
    for (std::size_t r = 0; r < rows; ++r) {
        LaneSum<Real> sum;
        for (std::size_t i = 0; i < n; ++i) {
            sum.add_product(i, dy[r][i], y[r][i]);
        }
        const Real mean = mean_of(sum.total(), n);
        for (std::size_t i = 0; i < n; ++i) {
            const Real across = std::fma(y[r][i], -mean, dy[r][i]);
            dx[r][i] = std::fma(inverse[r], across, dx[r][i]);
        }
    }
}

template <class Real>
void layer_norm(In<Real> x, std::size_t rows, std::size_t n, const Real* gain, const Real* bias,
                Out<Real> normal, Out<Real> y, Real* inverse) {
    for (std::size_t r = 0; r < rows; ++r) {
        const Real* const row = x[r];
        LaneSum<Real> sum;
        for (std::size_t i = 0; i < n; ++i) {
            sum.add(i, row[i]);
        }
        const Real mean = mean_of(sum.total(), n);
        LaneSum<Real> squares;
        for (std::size_t i = 0; i < n; ++i) {
            squares.add_product(i, row[i] - mean, row[i] - mean);
        }
        inverse[r] = 1 / std::sqrt(mean_of(squares.total(), n) + Real(1e-5F));
        for (std::size_t i = 0; i < n; ++i) {
            const Real value = (row[i] - mean) * inverse[r];
            if (normal.data != nullptr) {
                normal[r][i] = value;
            }
            y[r][i] = std::fma(value, gain[i], bias[i]);
        }
    }
}

template <class Real>
void layer_norm_backward(In<Real> dy, In<Real> normal, const Real* inverse, const Real* gain,
                         std::size_t rows, std::size_t n, Out<Real> dx) {
    for (std::size_t r = 0; r < rows; ++r) {
        LaneSum<Real> sum;
        LaneSum<Real> products;
        for (std::size_t i = 0; i < n; ++i) {
            const Real g = dy[r][i] * gain[i];
            sum.add(i, g);
            products.add_product(i, g, normal[r][i]);
        }
        const Real mean = mean_of(sum.total(), n);
        const Real slope = mean_of(products.total(), n);
        for (std::size_t i = 0; i < n; ++i) {
            const Real centred = dy[r][i] * gain[i] - mean;
            dx[r][i] = inverse[r] * std::fma(normal[r][i], -slope, centred);
        }
    }
}

template <class Real>
void gelu(const Real* x, std::size_t n, Real* y) {
    for (std::size_t i = 0; i < n; ++i) {
        // sigmoid(2u) = 1 / (1 + 2^t), t = -2 log2(e) sqrt(2 / pi) (x + 0.044715 x^3).
        const Real t = x[i] * std::fma(Real(-0.1029432395800235), x[i] * x[i], Real(-2.302208198144325));
        y[i] = x[i] / (1 + bounded_exp2(t));
    }
}

template <class Real>
void gelu_backward(const Real* x, const Real* dy, std::size_t n, Real* dx) {
    for (std::size_t i = 0; i < n; ++i) {
        // Beyond +-10 the derivative is 0 or 1 to more digits than either type holds.
        Real value = Real(10) < x[i] ? Real(10) : x[i];
        value = Real(-10) > value ? Real(-10) : value;
        const Real square = value * value;
        const Real power =
            bounded_exp2(value * std::fma(Real(-0.1029432395800235), square, Real(-2.302208198144325)));
        const Real sigmoid = 1 / (1 + power);
        const Real inner = value * std::fma(Real(0.21406444881780076), square, Real(1.5957691216057308));
        dx[i] = dy[i] * std::fma(inner, sigmoid * (power * sigmoid), sigmoid);
    }
}

/// max(x, 0) that keeps NaN.
template <class Real>
[[nodiscard]] Real positive_part(Real x) {
    return Real(0) > x ? Real(0) : x;
}

template <class Real>
void squared_relu(const Real* x, std::size_t n, Real* y) {
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = positive_part(x[i]) * positive_part(x[i]);
    }
}

template <class Real>
void squared_relu_backward(const Real* x, const Real* dy, std::size_t n, Real* dx) {
    for (std::size_t i = 0; i < n; ++i) {
        dx[i] = dy[i] * (positive_part(x[i]) + positive_part(x[i]));
    }
}

/// 1 / sigmoid(x) - 1.
template <class Real>
[[nodiscard]] Real inverse_odds(Real x) {
    return bounded_exp2(x * Real(-1.44269504088896341));
}

template <class Real>
void silu_gate(const Real* g, const Real* u, std::size_t n, Real* y) {
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = g[i] / (1 + inverse_odds(g[i])) * u[i];
    }
}

template <class Real>
void silu_gate_backward(const Real* g, const Real* u, const Real* dy, std::size_t n, Real* dg, Real* du) {
    for (std::size_t i = 0; i < n; ++i) {
        Real gate = Real(64) < g[i] ? Real(64) : g[i];
        gate = Real(-64) > gate ? Real(-64) : gate;
        const Real odds = inverse_odds(gate);
        const Real sigmoid = 1 / (1 + odds);
        const Real back = dy[i];
        dg[i] = back * u[i] * (sigmoid * std::fma(gate, odds * sigmoid, Real(1)));
        du[i] = back * (g[i] * sigmoid);
    }
}

template <class Real>
void squared_relu_gate(const Real* g, const Real* u, std::size_t n, Real* y) {
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = positive_part(g[i]) * positive_part(g[i]) * u[i];
    }
}

template <class Real>
void squared_relu_gate_backward(const Real* g, const Real* u, const Real* dy, std::size_t n, Real* dg,
                                Real* du) {
    for (std::size_t i = 0; i < n; ++i) {
        const Real gate = positive_part(g[i]);
        const Real back = dy[i];
        dg[i] = back * u[i] * (gate + gate);
        du[i] = back * (gate * gate);
    }
}

template <class Real>
void add(const Real* x, std::size_t n, Real* y) {
    for (std::size_t i = 0; i < n; ++i) {
        y[i] += x[i];
    }
}

template <class Real>
void scale(const Real* x, Real factor, std::size_t n, Real* y) {
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = x[i] * factor;
    }
}

inline void round_bf16(const float* x, std::size_t n, float* y) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(x[i]);
        const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U;
        y[i] = std::isnan(x[i]) ? std::bit_cast<float>(0x7FC00000U) : std::bit_cast<float>(rounded);
    }
}

template <class Real>
void adam(const AdamStep& step, const Real* gradient, std::size_t n, Real* w, Real* m, Real* v) {
    const Real rate = step.learning_rate;
    const Real decay = rate * Real(step.weight_decay);
    for (std::size_t i = 0; i < n; ++i) {
        const Real g = gradient[i] * Real(step.gradient_scale);
        m[i] = std::fma(Real(step.beta1), m[i], (1 - Real(step.beta1)) * g);
        v[i] = std::fma(Real(step.beta2), v[i], ((1 - Real(step.beta2)) * g) * g);
        const Real size = std::sqrt(v[i] * Real(step.bias_correction2)) + Real(step.epsilon);
        w[i] = (w[i] - decay * w[i]) - (rate * (m[i] * Real(step.bias_correction1))) / size;
    }
}

/// The largest element; NaN is passed over; -infinity when there is nothing else.
template <class Real>
[[nodiscard]] Real row_maximum(const Real* x, std::size_t n) {
    Real most = -std::numeric_limits<Real>::infinity();
    for (std::size_t i = 0; i < n; ++i) {
        most = x[i] > most ? x[i] : most;
    }
    return most;
}

template <class Real>
void softmax_numerators(In<Real> x, std::size_t rows, std::size_t n, Out<Real> e, Real* total) {
    for (std::size_t r = 0; r < rows; ++r) {
        const Real maximum = row_maximum(x[r], n);
        LaneSum<Real> sum;
        for (std::size_t i = 0; i < n; ++i) {
            const Real value = bounded_exp2((x[r][i] - maximum) * Real(1.4426950408889634));
            e[r][i] = value;
            sum.add(i, value);
        }
        total[r] = sum.total();
    }
}

template <class Real>
void cross_entropy_backward(In<Real> e, const Real* total, const std::uint32_t* targets, Real factor,
                            std::size_t rows, std::size_t n, Out<Real> dx) {
    for (std::size_t r = 0; r < rows; ++r) {
        const Real share = factor / total[r];
        for (std::size_t i = 0; i < n; ++i) {
            dx[r][i] = e[r][i] * share - (i == targets[r] ? factor : Real(0));
        }
    }
}

/// e is bounded by 1 here, so that NaN and infinite logits, for which 2^x is bounded only by 2^127, stay in
/// range.
template <class Real>
void frequencies(In<Real> x, std::size_t rows, std::size_t n, RowsView<std::uint32_t> frequency) {
    for (std::size_t r = 0; r < rows; ++r) {
        const Real maximum = row_maximum(x[r], n);
        for (std::size_t i = 0; i < n; ++i) {
            const Real e = bounded_exp2((x[r][i] - maximum) * Real(1.4426950408889634));
            frequency[r][i] = 1 + static_cast<std::uint32_t>((e < 1 ? e : Real(1)) * Real(16777215));
        }
    }
}

}  // namespace bitlaw::kernels::plain
