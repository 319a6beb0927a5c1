#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/light.hpp"
#include "support/context_cases.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;

namespace {

constexpr std::size_t kRows = 6;

// As the header says it, in 64 bits.
std::int64_t plain_look(const LightLanes& c, std::uint32_t path, const std::vector<std::int16_t>& odds) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < kLightContexts + kLightOthers; ++i) {
        std::int64_t weight = 0;
        for (const std::int32_t* const row : c.weights) {
            weight += row[i];
        }
        const std::int64_t x =
            i < kLightContexts ? odds[c.maps[i][c.slots[i][path]] >> 20] : c.others[i - kLightContexts];
        sum += (weight >> 16) * x >> 6;
    }
    return sum;
}

// Lanes with memory of their own.
struct Light {
    Light() : weights(kRows * kLightInputs) {
        for (std::size_t i = 0; i < kLightContexts; ++i) {
            lanes.slots[i] = slots[i].data();
        }
        lanes.slots[5] = slots[2].data();  // two contexts in one slot
    }
    void fill(Random& random) {
        for (std::size_t i = 0; i < kLightContexts; ++i) {
            for (std::uint8_t& state : slots[i]) {
                state = static_cast<std::uint8_t>(random.below(256));
            }
            for (std::uint32_t& value : lanes.maps[i]) {
                const std::uint64_t edge = random.below(4);
                const std::uint64_t p = edge == 0 ? 0 : edge == 1 ? (1 << 22) - 1 : random.below(1 << 22);
                value = static_cast<std::uint32_t>(p << 10 | random.below(1024));
            }
        }
        for (std::int32_t& weight : weights) {
            const std::uint64_t edge = random.below(4);
            weight = edge == 0   ? kMaxLightWeight
                     : edge == 1 ? -kMaxLightWeight
                                 : static_cast<std::int32_t>(random.below(1 << 30)) - (1 << 29) + 1;
        }
        for (std::int32_t& other : lanes.others) {
            other = static_cast<std::int32_t>(random.below(2 * 8191 + 1)) - 8191;
        }
        std::array<std::size_t, kRows> order{0, 1, 2, 3, 4, 5};
        for (std::size_t s = 0; s < kLightSets; ++s) {
            std::swap(order[s], order[s + random.below(kRows - s)]);
            lanes.weights[s] = weights.data() + order[s] * kLightInputs;
        }
    }
    std::array<std::array<std::uint8_t, 16>, kLightContexts> slots{};
    std::vector<std::int32_t, AlignedAllocator<std::int32_t>> weights;
    LightLanes lanes;
};

}  // namespace

TEST_CASE("light kernels: every instruction set does what the header says") {
    const std::vector<std::int16_t> odds = test::odds_ramp();
    const std::array<std::uint8_t, 256> next = test::next_states();
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        const LightKernels& kernels = light_kernels();
        Random random(31);
        const auto light = std::make_unique<Light>();
        LightLanes& c = light->lanes;
        for (int round = 0; round < 200; ++round) {
            CAPTURE(isa_name(isa));
            CAPTURE(round);
            light->fill(random);
            const auto path = static_cast<std::uint32_t>(1 + random.below(15));
            const int bit = static_cast<int>(random.below(2));
            const auto step = static_cast<std::int32_t>(random.below(65535)) - 32767;
            REQUIRE(kernels.look(c, path, odds.data()) == plain_look(c, path, odds));

            auto slots = light->slots;
            auto weights = light->weights;
            std::vector<std::vector<std::uint32_t>> maps;
            for (std::size_t i = 0; i < kLightContexts; ++i) {
                const std::uint8_t state = c.slots[i][path];
                maps.emplace_back(std::begin(c.maps[i]), std::end(c.maps[i]));
                const std::int32_t x = odds[maps[i][state] >> 20];
                maps[i][state] = test::plain_learn(maps[i][state], bit, 1023);
                for (const std::int32_t* const row : c.weights) {
                    std::int32_t& weight = weights[static_cast<std::size_t>(row - light->weights.data()) + i];
                    weight = std::clamp(weight + x * step, -kMaxLightWeight, kMaxLightWeight);
                }
            }
            for (std::size_t k = 0; k < kLightOthers; ++k) {
                for (const std::int32_t* const row : c.weights) {
                    std::int32_t& weight =
                        weights[static_cast<std::size_t>(row - light->weights.data()) + kLightContexts + k];
                    weight = std::clamp(weight + c.others[k] * step, -kMaxLightWeight, kMaxLightWeight);
                }
            }
            for (std::size_t i = 0; i < kLightContexts; ++i) {
                const auto own = static_cast<std::size_t>(i == 5 ? 2 : i);
                slots[own][path] = next[light->slots[own][path]];
            }
            kernels.learn(c, path, bit, next.data(), step);
            REQUIRE(slots == light->slots);
            REQUIRE(weights == light->weights);
            for (std::size_t i = 0; i < kLightContexts; ++i) {
                REQUIRE(std::equal(maps[i].begin(), maps[i].end(), c.maps[i]));
            }
        }
    }
}
