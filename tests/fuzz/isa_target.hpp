#pragma once
/// \file One input through the kernels of every instruction set, which must give the same bits.
///
/// The first byte chooses the kernel, the next ones sizes and kind of numbers, the rest are the numbers.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "support/isa_scope.hpp"
#include "support/tiny_model.hpp"

namespace bitlaw::fuzz {

/// Numbers out of an input's bytes, which are read in a circle.
class Draw {
   public:
    explicit Draw(ByteSpan input) : input_(input) {}

    std::uint8_t byte() { return input_[at_++ % input_.size()]; }
    /// 0 .. most.
    std::size_t size(std::size_t most) { return byte() % (most + 1); }

    /// Any finite number: denormals, zeros of both signs, the largest.
    float any() {
        std::uint32_t bits = 0;
        for (int i = 0; i < 4; ++i) {
            bits = bits << 8 | byte();
        }
        // The exponent of infinities and NaN, which instruction sets tell apart, becomes the one below.
        const bool special = (bits >> 23 & 0xFFU) == 0xFFU;
        return std::bit_cast<float>(special ? bits ^ 0x800000U : bits);
    }
    /// As in a network: 2^-16 to 2^3, or zero.
    float usual() {
        const std::uint32_t high = byte();
        const std::uint32_t low = byte();
        const std::uint32_t exponent = 111 + high % 19;
        return high == 0xFF ? 0.0F
                            : std::bit_cast<float>((low & 1U) << 31 | exponent << 23 | low << 15 | high << 3);
    }
    std::vector<float> many(std::size_t count, bool usual_only) {
        std::vector<float> numbers(count);
        std::generate(numbers.begin(), numbers.end(), [&] { return usual_only ? usual() : any(); });
        return numbers;
    }

   private:
    ByteSpan input_;
    std::size_t at_ = 0;
};

/// Works with the kernels of the chosen instruction set; gives all that they wrote.
using KernelCase = std::function<std::vector<float>(const kernels::Kernels&, Draw)>;

// Rows lie `kGap` numbers further apart than they are long, so that a kernel that writes there is seen.
constexpr std::size_t kGap = 3;

inline std::vector<float> run_product(const kernels::Kernels& k, Draw draw, bool bf16) {
    const std::size_t rows = draw.size(40);
    const std::size_t depth = draw.size(70);
    const std::size_t n = draw.size(100);
    const auto start = static_cast<kernels::ChainStart>(draw.byte() % 3);
    const bool usual = draw.byte() % 2 == 0;
    const std::vector<float> a = draw.many(rows * (depth + kGap), usual);
    const std::vector<float> w = draw.many(depth * (n + kGap), usual);
    const std::vector<float> bias = draw.many(n, usual);
    std::vector<float> c = draw.many(rows * (n + kGap), usual);
    if (bf16) {
        std::vector<std::uint16_t> packed(kernels::packed_size_bf16(depth, n));
        k.pack_bf16({w.data(), n + kGap}, depth, n, packed.data());
        k.product_bf16({a.data(), depth + kGap}, rows, packed.data(), depth, n, start, bias.data(),
                       {c.data(), n + kGap});
    } else {
        std::vector<float> packed(kernels::packed_size(depth, n));
        k.pack({w.data(), n + kGap}, depth, n, packed.data());
        k.product({a.data(), depth + kGap}, rows, packed.data(), depth, n, start, bias.data(),
                  {c.data(), n + kGap});
    }
    return c;
}

inline std::vector<float> run_gradient(const kernels::Kernels& k, Draw draw, bool bf16) {
    const std::size_t rows = draw.size(70);
    const std::size_t m = draw.size(40);
    const std::size_t n = draw.size(100);
    const bool usual = draw.byte() % 2 == 0;
    const std::vector<float> x = draw.many(rows * (m + kGap), usual);
    const std::vector<float> y = draw.many(rows * (n + kGap), usual);
    std::vector<float> g = draw.many(m * (n + kGap), usual);
    (bf16 ? k.weight_gradient_bf16 : k.weight_gradient)({x.data(), m + kGap}, {y.data(), n + kGap}, rows, m,
                                                        n, {g.data(), n + kGap});
    return g;
}

inline std::vector<float> run_columns(const kernels::Kernels& k, Draw draw) {
    const std::size_t rows = draw.size(20);
    const std::size_t n = draw.size(150);
    const bool usual = draw.byte() % 2 == 0;
    const std::vector<float> x = draw.many(rows * (n + kGap), usual);
    std::vector<float> g = draw.many(2 * n, usual);
    k.column_sums({x.data(), n + kGap}, rows, n, g.data());
    k.column_products({x.data(), n + kGap}, {x.data(), n + kGap}, rows, n, g.data() + n);
    return g;
}

inline std::vector<float> run_norms(const kernels::Kernels& k, Draw draw) {
    const std::size_t rows = 1 + draw.size(3);
    const std::size_t n = draw.size(100);
    const std::size_t ld = n + kGap;
    const std::vector<float> x = draw.many(rows * ld, true);
    const std::vector<float> gain = draw.many(2 * n, true);
    // rms, its gradient; normal, layer norm, its gradient; the inverses.
    std::vector<float> out(5 * rows * ld + 2 * rows);
    float* const inverse = out.data() + 5 * rows * ld;
    const auto part = [&](std::size_t i) { return kernels::OutRows(out.data() + i * rows * ld, ld); };
    k.rms_norm({x.data(), ld}, rows, n, part(0), inverse);
    k.rms_norm_backward({x.data(), ld}, part(0), inverse, rows, n, part(1));
    k.layer_norm({x.data(), ld}, rows, n, gain.data(), gain.data() + n, part(2), part(3), inverse + rows);
    k.layer_norm_backward({x.data(), ld}, part(2), inverse + rows, gain.data(), rows, n, part(4));
    return out;
}

inline std::vector<float> run_elements(const kernels::Kernels& k, Draw draw) {
    const std::size_t n = draw.size(100);
    const std::vector<float> x = draw.many(n, false);
    const std::vector<float> dy = draw.many(n, false);
    std::vector<float> out(8 * n + 1);
    float* const to = out.data();
    k.gelu(x.data(), n, to);
    k.gelu_backward(x.data(), dy.data(), n, to + n);
    k.squared_relu(x.data(), n, to + 2 * n);
    k.squared_relu_backward(x.data(), dy.data(), n, to + 3 * n);
    k.scale(x.data(), draw.any(), n, to + 4 * n);
    k.add(x.data(), n, to + 4 * n);
    k.round_bf16(x.data(), n, to + 5 * n);
    to[8 * n] = k.sum_squares(x.data(), n);
    const std::vector<float> moments = draw.many(n, true);
    std::copy(moments.begin(), moments.end(), to + 6 * n);
    const kernels::AdamStep step{.learning_rate = 1e-3F,
                                 .beta1 = 0.9F,
                                 .beta2 = 0.95F,
                                 .epsilon = 1e-8F,
                                 .weight_decay = 0.1F,
                                 .bias_correction1 = 2.0F,
                                 .bias_correction2 = 3.0F,
                                 .gradient_scale = 0.5F};
    k.adam(step, dy.data(), n, to + 5 * n, to + 6 * n, to + 7 * n);
    return out;
}

inline std::vector<float> run_output(const kernels::Kernels& k, Draw draw) {
    const std::size_t rows = 1 + draw.size(2);
    const std::size_t n = 1 + draw.size(270);
    const std::size_t ld = n + kGap;
    const bool usual = draw.byte() % 2 == 0;
    const std::vector<float> x = draw.many(rows * ld, usual);
    std::vector<std::uint32_t> targets(rows);
    std::generate(targets.begin(), targets.end(),
                  [&] { return draw.byte() % static_cast<std::uint32_t>(n); });
    std::vector<std::uint32_t> frequency(rows * ld);
    std::vector<float> out(2 * rows * ld + rows);
    k.softmax_numerators({x.data(), ld}, rows, n, {out.data(), ld}, out.data() + 2 * rows * ld);
    k.cross_entropy_backward({out.data(), ld}, out.data() + 2 * rows * ld, targets.data(), 0.25F, rows, n,
                             {out.data() + rows * ld, ld});
    k.frequencies({x.data(), ld}, rows, n, {frequency.data(), ld});
    std::transform(frequency.begin(), frequency.end(), std::back_inserter(out),
                   [](std::uint32_t f) { return static_cast<float>(f); });  // at most 2^24: exact
    return out;
}

// Scores stay inside fp32, as QK-norm or the maximum keep them in a network.
inline std::vector<float> run_attention(const kernels::Kernels& k, Draw draw) {
    constexpr std::array<std::size_t, 4> kWidths{16, 32, 48, 128};
    const std::size_t kv_heads = 1 + draw.size(1);
    const kernels::AttentionShape shape{.heads = kv_heads * (1 + draw.size(2)),
                                        .kv_heads = kv_heads,
                                        .head_width = kWidths[draw.size(3)],
                                        .window = 1 + draw.size(80),
                                        .subtract_maximum = draw.byte() % 2 == 0};
    const std::size_t d = shape.head_width;
    const std::size_t queries = 1 + draw.size(60);
    const std::size_t ld = shape.heads * d + kGap;
    const std::size_t kv_ld = kv_heads * d + kGap;
    const std::size_t half = d / 2;
    std::vector<float> q = draw.many(queries * ld, true);
    std::vector<float> keys = draw.many(queries * kv_ld, true);
    const std::vector<float> values = draw.many(queries * kv_ld, true);
    const std::vector<float> dout = draw.many(queries * ld, true);
    const std::vector<float> angles = draw.many(2 * queries * half, true);
    const auto turn = [&](std::size_t heads) {
        return kernels::Rotation<float>{.heads = heads,
                                        .head_width = d,
                                        .cosine = angles.data(),
                                        .sine = angles.data() + queries * half,
                                        .normalise = true,
                                        .factor = 0.25F};
    };
    std::vector<float> inverses((shape.heads + kv_heads) * queries);
    k.rotate({q.data(), ld}, queries, turn(shape.heads), inverses.data());
    k.rotate({keys.data(), kv_ld}, queries, turn(kv_heads), inverses.data() + shape.heads * queries);

    std::vector<float> out(2 * queries * ld + 2 * queries * kv_ld + 2 * queries * shape.heads);
    float* const dq = out.data() + queries * ld;
    float* const dk = dq + queries * ld;
    float* const dv = dk + queries * kv_ld;
    float* const maximum = dv + queries * kv_ld;
    float* const inverse = maximum + queries * shape.heads;
    std::vector<float> scratch(k.attention_scratch(shape, queries, 0));
    const kernels::AttentionBlock block{q.data(), ld, keys.data(), kv_ld, values.data(), kv_ld, queries, 0};
    for (std::size_t head = 0; head < kv_heads; ++head) {
        k.attention_forward(shape, block, head, 0, queries, {{out.data(), ld}, maximum, inverse},
                            scratch.data());
        k.attention_backward(shape, block, head, {{out.data(), ld}, maximum, inverse}, {dout.data(), ld},
                             {{dq, ld}, {dk, kv_ld}, {dv, kv_ld}}, scratch.data());
    }
    k.rotate_backward({dq, ld}, {q.data(), ld}, queries, turn(shape.heads), inverses.data());
    out.insert(out.end(), inverses.begin(), inverses.end());
    return out;
}

// One stream, position after position, through the caches.
inline std::vector<float> run_steps(const kernels::Kernels& k, Draw draw, bool bf16) {
    const kernels::AttentionShape shape{.heads = 1 + draw.size(5),
                                        .kv_heads = 1,
                                        .head_width = 16 + 16 * draw.size(2),
                                        .window = 1 + draw.size(40),
                                        .subtract_maximum = draw.byte() % 2 == 0};
    const std::size_t d = shape.head_width;
    const std::size_t ring = kernels::ring_size(shape.window);
    std::vector<float> k32(ring * d), v32(ring * d);
    std::vector<std::uint16_t> k16(ring * d), v16(ring * d);
    std::vector<float> scratch(k.attention_step_scratch(shape));
    std::vector<float> out;
    for (std::uint64_t position = 0; position < 1 + 2 * shape.window; ++position) {
        const std::vector<float> q = draw.many(shape.heads * d, true);
        const std::vector<float> kv = draw.many(2 * d, true);
        std::vector<float> row(shape.heads * d);
        const kernels::Rows key(kv.data(), d);
        const kernels::Rows value(kv.data() + d, d);
        const kernels::OutRows to(row.data(), row.size());
        if (bf16) {
            const kernels::AttentionCacheBf16 cache{k16.data(), v16.data(), ring};
            k.attention_append_bf16(shape, cache, 1, position, key, value);
            k.attention_step_bf16(shape, cache, 1, position, 0, {q.data(), q.size()}, to, scratch.data());
        } else {
            const kernels::AttentionCache cache{k32.data(), v32.data(), ring};
            k.attention_append(shape, cache, 1, position, key, value);
            k.attention_step(shape, cache, 1, position, 0, {q.data(), q.size()}, to, scratch.data());
        }
        out.insert(out.end(), row.begin(), row.end());
    }
    return out;
}

// The whole network and the coder: an archive's bytes.
inline std::vector<float> run_archive(const kernels::Kernels&, Draw draw) {
    using model::Architecture;
    static const std::array<model::StoredModel, 2> models{
        test::noisy_model(test::smallest_config(Architecture::modern, 256), 6),
        test::noisy_model(test::smallest_config(Architecture::vanilla, 256), 6)};
    const model::StoredModel& model = models[draw.size(1)];
    Bytes plain(draw.size(120));
    std::generate(plain.begin(), plain.end(), [&] { return draw.byte(); });
    Bytes archive;
    coding::compress(model, {}, coding::source_of(plain),
                     [&](ByteSpan bytes) { archive.insert(archive.end(), bytes.begin(), bytes.end()); });
    return {archive.begin(), archive.end()};
}

// NaN is NaN, whatever its sign and payload.
inline bool same_numbers(const std::vector<float>& one, const std::vector<float>& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](float a, float b) {
        return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
               (std::isnan(a) && std::isnan(b));
    });
}

/// Any bytes as the numbers of one kernel's call, with every instruction set that this machine has.
inline void isa_target(ByteSpan input) {
    if (input.size() < 8 || input.size() > 4096) {
        return;
    }
    set_thread_count(1);
    static const std::array<KernelCase, 10> cases{
        [](const auto& k, Draw draw) { return run_product(k, draw, false); },
        [](const auto& k, Draw draw) { return run_product(k, draw, true); },
        [](const auto& k, Draw draw) { return run_gradient(k, draw, false); },
        [](const auto& k, Draw draw) { return run_gradient(k, draw, true); },
        [](const auto& k, Draw draw) {
            return draw.byte() % 2 == 0 ? run_columns(k, draw) : run_norms(k, draw);
        },
        run_elements,
        run_output,
        run_attention,
        [](const auto& k, Draw draw) { return run_steps(k, draw, draw.byte() % 2 == 0); },
        run_archive};
    Draw draw(input);
    const KernelCase& chosen = cases[draw.size(cases.size() - 1)];
    std::vector<float> expected;
    for (const kernels::Isa isa : kernels::available_isas()) {  // the plain one first
        const test::IsaScope scope(isa);
        const std::vector<float> got = chosen(kernels::kernel_table(), draw);
        if (isa == kernels::Isa::scalar) {
            expected = got;
        }
        if (!same_numbers(got, expected)) {
            fail("internal error: ", kernels::isa_name(isa), " gives other bits than plain C++");
        }
    }
}

}  // namespace bitlaw::fuzz
