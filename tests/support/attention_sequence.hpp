#pragma once
/// \file Sequences of tokens for the tests of attention, and the kernels' forward pass over them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/kernels/plain_attention.hpp"
#include "support/guarded_floats.hpp"

namespace bitlaw::test {

struct Heads {
    std::size_t heads;
    std::size_t kv_heads;
    std::size_t head_width;
};
inline constexpr Heads kHeads[] = {{1, 1, 16}, {2, 1, 32}, {4, 2, 16}, {3, 1, 48},
                                   {2, 2, 64}, {4, 1, 32}, {3, 3, 16}};
inline constexpr std::size_t kGap = 5;  // floats between rows, never to be read or written

/// A sequence of T tokens: q, dout [T, heads * D] and k, v [T, kv_heads * D], rows apart by a gap of NaN.
struct Sequence {
    Sequence(const kernels::AttentionShape& shape_, std::size_t length_, std::uint64_t seed)
        : shape(shape_),
          length(length_),
          width(shape.heads * shape.head_width),
          kv_width(shape.kv_heads * shape.head_width),
          ld(width + kGap),
          kv_ld(kv_width + kGap),
          q(random_rows(width, seed)),
          k(random_rows(kv_width, seed + 1)),
          v(random_rows(kv_width, seed + 2)),
          dout(random_rows(width, seed + 3)) {}

    [[nodiscard]] std::vector<float> random_rows(std::size_t columns, std::uint64_t seed) const {
        std::vector<float> rows(length * (columns + kGap) - kGap, std::nanf(""));
        Random random(seed);
        // Scores of standard deviation 2.
        const double scale = std::sqrt(2 / std::sqrt(static_cast<double>(shape.head_width)));
        for (std::size_t row = 0; row < length; ++row) {
            for (std::size_t i = 0; i < columns; ++i) {
                rows[row * (columns + kGap) + i] = static_cast<float>(scale * random.normal());
            }
        }
        return rows;
    }
    [[nodiscard]] kernels::plain::Block<float> plain_block() const {
        return {q.data(), ld, k.data(), kv_ld, v.data(), kv_ld, length, 0};
    }

    kernels::AttentionShape shape;
    std::size_t length;
    std::size_t width;
    std::size_t kv_width;
    std::size_t ld;
    std::size_t kv_ld;
    std::vector<float> q;
    std::vector<float> k;
    std::vector<float> v;
    std::vector<float> dout;
};

/// Results of forward and backward, gaps filled with NaN.
struct Results {
    explicit Results(const Sequence& s)
        : out(s.q.size(), std::nanf("")),
          dq(out),
          dk(s.k.size(), std::nanf("")),
          dv(dk),
          maximum(s.length * s.shape.heads),
          inverse(maximum) {}
    std::vector<float> out, dq, dk, dv, maximum, inverse;
};

inline bool same_bits(const float* a, const float* b, std::size_t n) {
    return n == 0 || std::memcmp(a, b, n * sizeof(float)) == 0;
}

/// Forward of query rows past .. length-1 by the kernels, in calls of `step` queries; rows as in the whole
/// sequence.
inline void block_forward(const Sequence& s, std::size_t past, std::size_t step, Results& r) {
    const kernels::Kernels& kernel = kernels::kernel_table();
    const std::size_t queries = s.length - past;
    GuardedFloats scratch(kernel.attention_scratch(s.shape, queries, past));
    const kernels::AttentionBlock block{
        s.q.data() + past * s.ld, s.ld, s.k.data(), s.kv_ld, s.v.data(), s.kv_ld, queries, past};
    for (std::size_t first = 0; first < queries; first += step) {
        for (std::size_t head = 0; head < s.shape.kv_heads; ++head) {
            kernel.attention_forward(s.shape, block, head, first, std::min(queries, first + step),
                                     {{r.out.data() + past * s.ld, s.ld},
                                      r.maximum.data() + past * s.shape.heads,
                                      r.inverse.data() + past * s.shape.heads},
                                     scratch.data());
        }
    }
    REQUIRE(scratch.unharmed());
}

}  // namespace bitlaw::test
