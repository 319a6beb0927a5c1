#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "support/attention_sequence.hpp"
#include "support/guarded_floats.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::test;

TEST_CASE("attention_step gives the bits of the block for every position, ring and start") {
    constexpr std::uint64_t kStarts[] = {0, (std::uint64_t{1} << 33) + 16 * 7, (std::uint64_t{1} << 40) - 48};
    for (const Isa isa : available_isas()) {
        CAPTURE(std::string(isa_name(isa)));
        const IsaScope scope(isa);
        const Kernels& kernel = kernels();
        std::size_t turn = 0;
        for (const std::size_t window : {1, 2, 15, 16, 17, 31, 64, 97}) {
            for (const std::size_t more : {0, 16, 64}) {
                const Heads& heads = kHeads[turn % std::size(kHeads)];
                const std::uint64_t start = kStarts[turn % std::size(kStarts)];
                const bool subtract = turn % 2 == 0;
                ++turn;
                CAPTURE(window);
                CAPTURE(more);
                CAPTURE(start);
                CAPTURE(heads.heads);
                CAPTURE(heads.head_width);
                const AttentionShape shape{heads.heads, heads.kv_heads, heads.head_width, window, subtract};
                const Sequence s(shape, isa == Isa::scalar ? 70 : 131, turn);
                Results whole(s);
                block_forward(s, 0, s.length, whole);
                // Slots not yet written hold NaN.
                const std::size_t ring = ring_size(window) + more;
                GuardedFloats k(s.kv_width * ring), v(s.kv_width * ring), out(s.width);
                GuardedFloats scratch(kernel.attention_step_scratch(shape));
                const AttentionCache cache{k.data(), v.data(), ring};
                for (std::size_t row = 0; row < s.length; ++row) {
                    CAPTURE(row);
                    kernel.attention_append(shape, cache, start + row, s.k.data() + row * s.kv_ld,
                                            s.v.data() + row * s.kv_ld);
                    kernel.attention_step(shape, cache, start + row, start, s.q.data() + row * s.ld,
                                          out.data(), scratch.data());
                    REQUIRE(same_bits(out.data(), whole.out.data() + row * s.ld, s.width));
                }
                CHECK(k.unharmed());
                CHECK(v.unharmed());
                CHECK(out.unharmed());
                CHECK(scratch.unharmed());
            }
        }
    }
}

TEST_CASE("attention_step sees nothing older than the oldest position") {
    for (const Isa isa : available_isas()) {
        const IsaScope scope(isa);
        const Kernels& kernel = kernels();
        const AttentionShape shape{4, 2, 16, 40, true};
        const Sequence s(shape, 60, 5);
        const std::size_t ring = ring_size(shape.window);
        std::vector<float> k(s.kv_width * ring), v(k), out(s.width),
            scratch(kernel.attention_step_scratch(shape));
        const AttentionCache cache{k.data(), v.data(), ring};
        constexpr std::uint64_t kStart = (std::uint64_t{1} << 34) + 32;
        for (std::size_t row = 0; row < s.length; ++row) {
            kernel.attention_append(shape, cache, kStart + row, s.k.data() + row * s.kv_ld,
                                    s.v.data() + row * s.kv_ld);
            for (const std::size_t oldest :
                 {std::size_t{0}, std::size_t{1}, std::size_t{19}, std::size_t{32}, row}) {
                if (oldest > row) {
                    continue;
                }
                CAPTURE(row);
                CAPTURE(oldest);
                kernel.attention_step(shape, cache, kStart + row, kStart + oldest, s.q.data() + row * s.ld,
                                      out.data(), scratch.data());
                // A block whose window ends where the context begins.
                Sequence seen = s;
                seen.shape.window = std::min(shape.window, row - oldest + 1);
                seen.length = row + 1;
                Results expected(seen);
                block_forward(seen, row, 16, expected);
                REQUIRE(same_bits(out.data(), expected.out.data() + row * s.ld, s.width));
            }
        }
    }
}
