#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/contexts.hpp"
#include "bitlaw/kernels/distribution.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "support/context_cases.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;

namespace {

// Contexts with memory of their own, and what the loops should make of them.
struct Contexts {
    explicit Contexts(std::size_t count)
        : slots(count), maps(count, std::vector<std::uint32_t>(256)), runs(count), lanes() {
        lanes.count = count;
        for (std::size_t i = 0; i < count; ++i) {
            lanes.slots[i] = slots[i].data();
            lanes.maps[i] = maps[i].data();
            lanes.runs[i] = runs[i].data();
        }
        if (count >= 3) {
            lanes.slots[2] = slots[0].data();  // two contexts in one slot
        }
    }
    void fill(Random& random) {
        for (std::size_t i = 0; i < lanes.count; ++i) {
            for (std::uint8_t& state : slots[i]) {
                state = static_cast<std::uint8_t>(random.below(4) == 0 ? 0 : random.below(256));
            }
            for (std::uint32_t& value : maps[i]) {
                value = static_cast<std::uint32_t>(random.below(1 << 22) << 10 | random.below(256));
            }
            for (std::uint32_t& value : runs[i]) {
                const std::uint64_t edge = random.below(3);
                const std::uint64_t p = edge == 0 ? 0 : edge == 1 ? (1 << 22) - 1 : random.below(1 << 22);
                value = static_cast<std::uint32_t>(p << 10 | random.below(1024));
            }
            lanes.expected[i] = random.below(4) == 0 ? 0 : static_cast<std::int32_t>(256 + random.below(256));
        }
    }
    std::vector<std::array<std::uint8_t, 16>> slots;
    std::vector<std::vector<std::uint32_t>> maps;
    std::vector<std::array<std::uint32_t, 2>> runs;
    ContextLanes lanes;
};

}  // namespace

TEST_CASE("context kernels: every instruction set does what the header says") {
    constexpr std::uint32_t kSingleEnd = 90;
    const std::vector<std::int16_t> odds = test::odds_ramp();
    const std::array<std::uint8_t, 256> next = test::next_states();
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        const ContextKernels& kernels = context_kernels();
        for (const std::size_t count : {1U, 6U, 8U, 15U, 16U, 22U, 24U, 32U}) {
            CAPTURE(std::string(isa_name(isa)));
            CAPTURE(count);
            Random random(count);
            Contexts contexts(count);
            std::size_t differing = 0;
            for (int round = 0; round < 200; ++round) {
                contexts.fill(random);
                const auto done = static_cast<std::uint32_t>(random.below(8));
                const auto node = static_cast<std::uint32_t>((1U << done) + random.below(1U << done));
                // Half of them agree with what was seen of the byte.
                for (std::size_t i = 0; i < count; i += 2) {
                    contexts.lanes.expected[i] =
                        static_cast<std::int32_t>(node << (8 - done) | random.below(1U << (8 - done)));
                }
                const std::uint32_t nibble =
                    done < 4 ? node : 1U << (done - 4) | (node & ((1U << (done - 4)) - 1));
                const BitPlace place{node, nibble, 8 - done};
                const int bit = static_cast<int>(random.below(2));
                const auto slots = contexts.slots;
                const auto maps = contexts.maps;
                const auto runs = contexts.runs;
                std::vector<std::int32_t> inputs(3 * count + 16, 77);
                kernels.look(contexts.lanes, place, kSingleEnd, odds.data(), inputs.data());
                kernels.learn(contexts.lanes, nibble, bit, next.data());
                auto slots_after = slots;
                for (std::size_t i = 0; i < count; ++i) {
                    const std::size_t own = i == 2 ? 0 : i;
                    const std::uint8_t state = slots[own][nibble];
                    const std::int32_t x = odds[maps[i][state] >> 20] * 65536;
                    differing += inputs[i] == (state >= 1 && state < kSingleEnd ? x : 0) ? 0 : 1;
                    differing += inputs[count + i] == (state >= kSingleEnd ? x : 0) ? 0 : 1;
                    const std::int32_t expected = contexts.lanes.expected[i];
                    const auto b = static_cast<std::size_t>(expected >> (7 - done) & 1);
                    const bool agrees = static_cast<std::uint32_t>(expected) >> (8 - done) == node;
                    differing +=
                        inputs[2 * count + i] == (agrees ? odds[runs[i][b] >> 20] * 65536 : 0) ? 0 : 1;
                    auto map = maps[i];
                    map[state] = test::plain_learn(map[state], bit, 255);
                    differing += contexts.maps[i] == map ? 0 : 1;
                    auto run = runs[i];
                    run[b] = agrees ? test::plain_learn(run[b], bit, 1023) : run[b];
                    differing += contexts.runs[i] == run ? 0 : 1;
                    slots_after[own][nibble] = next[slots_after[own][nibble]];
                }
                differing += contexts.slots == slots_after ? 0 : 1;
                // Behind the inputs: zeros, or nothing.
                for (std::size_t i = 3 * count; i < inputs.size(); ++i) {
                    differing += inputs[i] == 0 || inputs[i] == 77 ? 0 : 1;
                }
                differing += inputs.back() == 77 ? 0 : 1;
            }
            CHECK(differing == 0);
        }
    }
}

TEST_CASE("context kernels: every count and bit is learned as it should be") {
    std::vector<std::int16_t> odds(4096, 1);
    std::array<std::uint8_t, 256> next{};
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        Contexts contexts(16);
        std::size_t differing = 0;
        for (std::uint32_t seen = 0; seen < 1024; ++seen) {
            for (const int bit : {0, 1}) {
                for (std::size_t i = 0; i < 16; ++i) {
                    const std::uint32_t p =
                        i == 0    ? 0
                        : i == 15 ? (1U << 22) - 1
                                  : static_cast<std::uint32_t>((i << 18) + 997 * seen) & ((1U << 22) - 1);
                    contexts.lanes.expected[i] = 256 + 128;
                    contexts.runs[i][1] = p << 10 | seen;
                    contexts.maps[i][0] = p << 10 | std::min(seen, 255U);
                }
                const auto runs = contexts.runs;
                const auto maps = contexts.maps;
                std::vector<std::int32_t> inputs(64);
                context_kernels().look(contexts.lanes, {1, 1, 8}, 90, odds.data(), inputs.data());
                context_kernels().learn(contexts.lanes, 1, bit, next.data());
                for (std::size_t i = 0; i < 16; ++i) {
                    differing += contexts.runs[i][1] == test::plain_learn(runs[i][1], bit, 1023) ? 0 : 1;
                    differing += contexts.maps[i][0] == test::plain_learn(maps[i][0], bit, 255) ? 0 : 1;
                }
            }
        }
        CAPTURE(std::string(isa_name(isa)));
        CHECK(differing == 0);
    }
}

TEST_CASE("distribution kernels: the tree of sums, and the largest two") {
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        CAPTURE(std::string(isa_name(isa)));
        Random random(9);
        std::size_t differing = 0;
        for (int round = 0; round < 2000; ++round) {
            std::array<std::uint32_t, 256> frequencies{};
            const std::uint64_t bound = round % 3 == 0 ? 3 : round % 3 == 1 ? 1 << 24 : 0xFFFFFFFF;
            for (std::uint32_t& frequency : frequencies) {
                frequency = static_cast<std::uint32_t>(1 + random.below(bound));
            }
            std::array<std::uint64_t, 512> sums{};
            distribution_kernels().tree(frequencies.data(), sums.data());
            for (std::size_t n = 1; n < 512; ++n) {
                differing +=
                    sums[n] == (n < 256 ? sums[2 * n] + sums[2 * n + 1] : frequencies[n - 256]) ? 0 : 1;
            }
            const auto first = std::max_element(frequencies.begin(), frequencies.end());
            const auto at = static_cast<std::uint32_t>(first - frequencies.begin());
            const Largest largest = distribution_kernels().largest(frequencies.data());
            differing += largest.frequency == *first && largest.first == at ? 0 : 1;
            *first = 0;
            const auto second = std::max_element(frequencies.begin(), frequencies.end());
            differing += largest.second == static_cast<std::uint32_t>(second - frequencies.begin()) ? 0 : 1;
        }
        CHECK(differing == 0);
    }
}
