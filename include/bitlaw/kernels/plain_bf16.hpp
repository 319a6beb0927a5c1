#pragma once
/// \file The mixed-precision products as straightforward loops: the specification of the fast kernels.
///
/// Docstrings, shapes and the rules of a chain: kernels.hpp, same names. Inline code of other instruction
/// sets must not see this header. Needs the default floating-point state.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::kernels::plain {

/// x, or the zero of its sign where x is denormal.
[[nodiscard]] inline float flush_denormal(float x) {
    return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0F, x) : x;
}

/// x rounded to bfloat16 (nearest even) and widened, denormals counting as zero; NaN becomes the quiet NaN
/// 0x7FC00000.
[[nodiscard]] inline float rounded_bf16(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(flush_denormal(x));
    const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U;
    return std::isnan(x) ? std::bit_cast<float>(0x7FC00000U) : std::bit_cast<float>(rounded);
}

/// One step of a chain: a * b + c for widened bfloat16 numbers a and b, denormals and tiny results flushed.
/// Whether a small result is tiny after rounding shows 64 binary places higher, where it is rounded as if
/// exponents had no bound.
[[nodiscard]] inline float fma_flushed(float a, float b, float c) {
    a = flush_denormal(a);
    b = flush_denormal(b);
    c = flush_denormal(c);
    const float result = std::fma(a, b, c);
    if (std::fabs(result) <= std::numeric_limits<float>::min()) {
        const float higher = std::fma(a * 0x1p64F, b, c * 0x1p64F);
        return std::fabs(higher) < 0x1p-62F ? std::copysign(0.0F, result) : result;
    }
    return result;
}

/// The numbers pack_bf16 makes of W [k, n].
inline void pack_bf16(Rows w, std::size_t k, std::size_t n, std::uint16_t* packed) {
    const std::size_t pairs = (k + 1) / 2;
    for (std::size_t i = 0; i < packed_size_bf16(k, n); ++i) {
        const std::size_t kk = i / (2 * kPanel) % (pairs == 0 ? 1 : pairs) * 2 + i % 2;
        const std::size_t j = i / (2 * kPanel * pairs) * kPanel + i / 2 % kPanel;
        const float value = kk < k && j < n ? rounded_bf16(w[kk][j]) : 0.0F;
        packed[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
    }
}

/// Kernels::product_bf16 with W [k, n] unpacked.
inline void product_bf16(Rows a, std::size_t rows, Rows w, std::size_t k, std::size_t n, ChainStart start,
                         const float* bias, OutRows c) {
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < n; ++j) {
            float sum = start == ChainStart::accumulate ? c[r][j]
                        : start == ChainStart::bias     ? bias[j]
                                                        : 0.0F;
            for (std::size_t even = 0; even < k; even += 2) {
                for (const std::size_t kk : {even + 1, even}) {
                    const float x = kk < k ? rounded_bf16(a[r][kk]) : 0.0F;
                    const float y = kk < k ? rounded_bf16(w[kk][j]) : 0.0F;
                    sum = fma_flushed(x, y, sum);
                }
            }
            c[r][j] = sum;
        }
    }
}

inline void weight_gradient_bf16(Rows x, Rows y, std::size_t rows, std::size_t k, std::size_t n, OutRows g) {
    for (std::size_t kk = 0; kk < k; ++kk) {
        for (std::size_t j = 0; j < n; ++j) {
            float& sum = g[kk][j];
            for (std::size_t even = 0; even < rows; even += 2) {
                for (const std::size_t r : {even + 1, even}) {
                    const float left = r < rows ? rounded_bf16(x[r][kk]) : 0.0F;
                    const float right = r < rows ? rounded_bf16(y[r][j]) : 0.0F;
                    sum = fma_flushed(left, right, sum);
                }
            }
        }
    }
}

}  // namespace bitlaw::kernels::plain
