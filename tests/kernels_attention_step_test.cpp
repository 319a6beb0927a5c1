#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/config.hpp"
#include "support/attention_sequence.hpp"
#include "support/guarded_floats.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using namespace bitlaw::test;

namespace {

/// Caches of some streams in one of the two precisions, on guarded memory; slots not yet written hold NaN.
class Caches {
   public:
    Caches(const AttentionShape& shape, CachePrecision format, std::size_t streams, std::size_t ring)
        : shape_(shape),
          precision_(format),
          streams_(streams),
          ring_(ring),
          k_(floats()),
          v_(floats()),
          scratch_(kernel_table().attention_step_scratch(shape)) {}

    void append(std::uint64_t position, const float* k, std::size_t ldk, const float* v, std::size_t ldv) {
        if (precision_ == CachePrecision::bf16) {
            kernel_table().attention_append_bf16(shape_, bf16(), streams_, position, {k, ldk}, {v, ldv});
        } else {
            kernel_table().attention_append(shape_, fp32(), streams_, position, {k, ldk}, {v, ldv});
        }
    }
    void step(std::uint64_t position, std::uint64_t oldest, const float* q, std::size_t ldq, float* out,
              std::size_t ldo) {
        if (precision_ == CachePrecision::bf16) {
            kernel_table().attention_step_bf16(shape_, bf16(), streams_, position, oldest, {q, ldq},
                                               {out, ldo}, scratch_.data());
        } else {
            kernel_table().attention_step(shape_, fp32(), streams_, position, oldest, {q, ldq}, {out, ldo},
                                          scratch_.data());
        }
    }
    [[nodiscard]] bool unharmed() const { return k_.unharmed() && v_.unharmed() && scratch_.unharmed(); }

   private:
    // Of memory for keys: 16-bit numbers take half, and the guards lie right behind (D is even).
    [[nodiscard]] std::size_t floats() const {
        const std::size_t numbers = streams_ * shape_.kv_heads * shape_.head_width * ring_;
        return precision_ == CachePrecision::bf16 ? numbers / 2 : numbers;
    }
    [[nodiscard]] AttentionCache fp32() { return {k_.data(), v_.data(), ring_}; }
    [[nodiscard]] AttentionCacheBf16 bf16() {
        return {reinterpret_cast<std::uint16_t*>(k_.data()), reinterpret_cast<std::uint16_t*>(v_.data()),
                ring_};
    }

    AttentionShape shape_;
    CachePrecision precision_;
    std::size_t streams_;
    std::size_t ring_;
    GuardedFloats k_, v_, scratch_;
};

constexpr CachePrecision kBoth[] = {CachePrecision::fp32, CachePrecision::bf16};

/// The sequence with its keys and values as the cache holds them.
Sequence as_cached(Sequence s, CachePrecision format) {
    if (format == CachePrecision::bf16) {
        kernel_table().round_bf16(s.k.data(), s.k.size(), s.k.data());
        kernel_table().round_bf16(s.v.data(), s.v.size(), s.v.data());
    }
    return s;
}

}  // namespace

TEST_CASE(
    "attention_step gives the bits of the block for every position, ring, start and number of streams") {
    constexpr std::uint64_t kStarts[] = {0, (std::uint64_t{1} << 33) + 16 * 7, (std::uint64_t{1} << 40) - 48};
    constexpr std::size_t kStreams[] = {1, 2, 3, 5, 9};
    for (const Isa isa : available_isas()) {
        CAPTURE(std::string(isa_name(isa)));
        const IsaScope scope(isa);
        std::size_t turn = 0;
        for (const std::size_t window : {1, 2, 15, 16, 17, 31, 64, 97}) {
            for (const std::size_t more : {0, 16, 64}) {
                const Heads& heads = kHeads[turn % std::size(kHeads)];
                const std::uint64_t start = kStarts[turn % std::size(kStarts)];
                const std::size_t streams = kStreams[turn / 3 % std::size(kStreams)];
                const bool subtract = turn % 2 == 0;
                ++turn;
                CAPTURE(window);
                CAPTURE(more);
                CAPTURE(start);
                CAPTURE(streams);
                CAPTURE(heads.heads);
                CAPTURE(heads.head_width);
                const AttentionShape shape{heads.heads, heads.kv_heads, heads.head_width, window, subtract};
                for (const CachePrecision format : kBoth) {
                    CAPTURE(cache_name(format));
                    // Stream i sees the numbers of the sequence with the seed turn + i; rows of all streams
                    // lie together.
                    std::vector<Sequence> given;
                    std::vector<Results> expected;
                    for (std::size_t stream = 0; stream < streams; ++stream) {
                        given.emplace_back(shape, isa == Isa::scalar ? 70 : 131, 10 * turn + stream);
                        const Sequence cached = as_cached(given.back(), format);
                        expected.emplace_back(cached);
                        block_forward(cached, 0, cached.length, expected.back());
                    }
                    const Sequence& one = given[0];
                    const std::size_t row_floats = one.width + 2 * one.kv_width + kGap;
                    Caches caches(shape, format, streams, ring_size(window) + more);
                    GuardedFloats out(streams * one.width);
                    for (std::size_t row = 0; row < one.length; ++row) {
                        CAPTURE(row);
                        std::vector<float> qkv(streams * row_floats, std::nanf(""));
                        for (std::size_t stream = 0; stream < streams; ++stream) {
                            const Sequence& s = given[stream];
                            float* to = qkv.data() + stream * row_floats;
                            to = std::copy_n(s.q.data() + row * s.ld, s.width, to);
                            to = std::copy_n(s.k.data() + row * s.kv_ld, s.kv_width, to);
                            std::copy_n(s.v.data() + row * s.kv_ld, s.kv_width, to);
                        }
                        const float* k = qkv.data() + one.width;
                        caches.append(start + row, k, row_floats, k + one.kv_width, row_floats);
                        caches.step(start + row, start, qkv.data(), row_floats, out.data(), one.width);
                        for (std::size_t stream = 0; stream < streams; ++stream) {
                            REQUIRE(same_bits(out.data() + stream * one.width,
                                              expected[stream].out.data() + row * one.ld, one.width));
                        }
                    }
                    CHECK(caches.unharmed());
                    CHECK(out.unharmed());
                }
            }
        }
    }
}

TEST_CASE("attention_step sees nothing older than the oldest position") {
    for (const Isa isa : available_isas()) {
        const IsaScope scope(isa);
        for (const CachePrecision format : kBoth) {
            CAPTURE(cache_name(format));
            const AttentionShape shape{4, 2, 16, 40, true};
            const Sequence s(shape, 60, 5);
            const Sequence cached = as_cached(s, format);
            Caches caches(shape, format, 1, ring_size(shape.window));
            std::vector<float> out(s.width);
            constexpr std::uint64_t kStart = (std::uint64_t{1} << 34) + 32;
            for (std::size_t row = 0; row < s.length; ++row) {
                caches.append(kStart + row, s.k.data() + row * s.kv_ld, 0, s.v.data() + row * s.kv_ld, 0);
                for (const std::size_t oldest :
                     {std::size_t{0}, std::size_t{1}, std::size_t{19}, std::size_t{32}, row}) {
                    if (oldest > row) {
                        continue;
                    }
                    CAPTURE(row);
                    CAPTURE(oldest);
                    caches.step(kStart + row, kStart + oldest, s.q.data() + row * s.ld, 0, out.data(), 0);
                    // A block whose window ends where the context begins.
                    Sequence seen = cached;
                    seen.shape.window = std::min(shape.window, row - oldest + 1);
                    seen.length = row + 1;
                    Results expected(seen);
                    block_forward(seen, row, 16, expected);
                    REQUIRE(same_bits(out.data(), expected.out.data() + row * s.ld, s.width));
                }
            }
        }
    }
}

TEST_CASE(
    "attention_append_bf16 rounds as round_bf16 does, in the documented order, and writes nothing else") {
    const AttentionShape shape{6, 3, 48, 20, false};
    const std::size_t d = shape.head_width;
    const std::size_t ring = ring_size(shape.window);
    constexpr std::size_t kStreams = 2;
    const std::size_t width = shape.kv_heads * d;
    // Zeros, denormals, ties, overflow to infinity, NaN, and ordinary numbers.
    constexpr float kSpecial[] = {0.0F,
                                  -0.0F,
                                  1e-41F,
                                  -1.0F - 0x1p-8F,
                                  1.0F + 0x3p-8F,
                                  3.4e38F,
                                  -3.4e38F,
                                  std::numeric_limits<float>::infinity(),
                                  std::numeric_limits<float>::quiet_NaN()};
    Random random(8);
    std::vector<float> k(kStreams * width), v(k.size());
    for (std::size_t i = 0; i < k.size(); ++i) {
        k[i] = i % 3 == 0 ? kSpecial[i / 3 % std::size(kSpecial)] : static_cast<float>(random.normal());
        v[i] = i % 5 == 0 ? kSpecial[i / 5 % std::size(kSpecial)] : static_cast<float>(random.normal());
    }
    for (const Isa isa : available_isas()) {
        CAPTURE(std::string(isa_name(isa)));
        const IsaScope scope(isa);
        std::vector<std::uint16_t> keys(kStreams * width * ring, 0x5555), values(keys);
        std::vector<std::uint16_t> expected_keys(keys), expected_values(keys);
        for (const std::uint64_t position : {std::uint64_t{0}, (std::uint64_t{1} << 40) + 37}) {
            kernel_table().attention_append_bf16(shape, {keys.data(), values.data(), ring}, kStreams,
                                                 position, {k.data(), width}, {v.data(), width});
            const std::size_t slot = position % ring;
            for (std::size_t i = 0; i < k.size(); ++i) {
                const auto rounded = [](float x) {
                    kernel_table().round_bf16(&x, 1, &x);
                    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
                };
                const std::size_t head = i / d;  // of all streams
                const std::size_t column = i % d;
                expected_keys[(((head * ring + slot) / 16 * d / 2 + column / 2) * 16 + slot % 16) * 2 +
                              column % 2] = rounded(k[i]);
                expected_values[((head * ring + slot) / 2 * d + column) * 2 + slot % 2] = rounded(v[i]);
            }
        }
        CHECK(keys == expected_keys);
        CHECK(values == expected_values);
    }
}
