#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/kernels/mixing.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;

namespace {

using Ints = std::vector<std::int32_t>;

// As the header says it, in 64 bits, so that nothing can overflow unseen.
std::int64_t plain_dot(const Ints& inputs, const Ints& weights) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        sum += (std::int64_t{weights[i] >> 16} * (inputs[i] / 65536)) >> 6;
    }
    return sum;
}

Ints plain_train(const Ints& inputs, Ints weights, std::int32_t step) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::int64_t moved = weights[i] + std::int64_t{inputs[i] / 65536} * step;
        weights[i] = static_cast<std::int32_t>(
            std::clamp<std::int64_t>(moved, -std::int64_t{kMaxMixingWeight}, std::int64_t{kMaxMixingWeight}));
    }
    return weights;
}

std::int32_t plain_step(std::int32_t sum, const MixingPace& pace, const MixingLesson& lesson) {
    const std::int64_t p =
        lesson.probability[static_cast<std::size_t>(std::clamp((sum >> 7) + 2048, 0, 4095))];
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(((lesson.bit * 65536 - p) * pace.rate + 8192) >> 14, -32767, 32767));
}

constexpr std::int32_t kInput = (1 << 13) - 1;

// Numbers in -bound .. bound, many of them at its ends.
std::int32_t within(Random& random, std::int32_t bound) {
    const std::uint64_t kind = random.below(4);
    if (kind == 0) {
        return random.below(2) != 0 ? bound : -bound;
    }
    return static_cast<std::int32_t>(
        static_cast<std::int64_t>(random.below(2 * static_cast<std::uint64_t>(bound) + 1)) - bound);
}

}  // namespace

TEST_CASE("mixing kernels: every instruction set does what the header says") {
    Random random(11);
    std::vector<std::uint16_t> probability(4096);
    for (std::size_t i = 0; i < probability.size(); ++i) {
        probability[i] = static_cast<std::uint16_t>(i * 16);
    }
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        const MixingKernels& kernels = mixing_kernels();
        for (const std::size_t count : {16U, 32U, 48U, 96U, 256U}) {
            for (const std::size_t sets : {1U, 2U, 3U, 4U, 7U, 8U, 9U, 16U}) {
                CAPTURE(std::string(isa_name(isa)));
                CAPTURE(count);
                CAPTURE(sets);
                Ints inputs(count);
                std::generate(inputs.begin(), inputs.end(), [&] { return within(random, kInput) * 65536; });
                std::vector<Ints> weights(sets, Ints(count));
                std::vector<MixingPace> paces(sets);
                std::vector<std::int32_t*> rows;
                std::vector<MixingPace*> places;
                for (std::size_t s = 0; s < sets; ++s) {
                    std::generate(weights[s].begin(), weights[s].end(),
                                  [&] { return within(random, kMaxMixingWeight); });
                    paces[s] = {
                        static_cast<std::uint16_t>(random.below(3) == 0 ? 65535 : random.below(65536)),
                        static_cast<std::uint16_t>(random.below(8192))};
                    rows.push_back(weights[s].data());
                    places.push_back(&paces[s]);
                }
                const std::vector<Ints> before = weights;
                const std::vector<MixingPace> paces_before = paces;
                const auto bound = static_cast<std::int32_t>(1 + random.below(1 << 30));
                Ints sums((sets + 3) / 4 * 4);
                kernels.dot(inputs.data(), count, rows.data(), sets, bound, sums.data());
                for (std::size_t s = 0; s < sets; ++s) {
                    CHECK(sums[s] == std::clamp<std::int64_t>(plain_dot(inputs, before[s]), -bound, bound));
                    sums[s] = within(random, 1 << 19);
                }
                const MixingLesson lesson{sets % 2 == 0 ? 1 : 0, probability.data(),
                                          static_cast<std::uint32_t>(random.below(4096)), (1 << 20) - 1};
                kernels.train(inputs.data(), count, rows.data(), sets, sums.data(), places.data(), lesson);
                for (std::size_t s = 0; s < sets; ++s) {
                    CHECK(weights[s] ==
                          plain_train(inputs, before[s], plain_step(sums[s], paces_before[s], lesson)));
                    CHECK(paces[s].age == std::min(paces_before[s].age + 1, 65535));
                    CHECK(paces[s].rate == lesson.last_rate + lesson.fade / (kMixingFade + paces[s].age));
                }
            }
        }
    }
}

TEST_CASE("mixing kernels: the largest inputs and weights stay inside 32 bits") {
    const Ints inputs(kMaxMixingInputs, -kInput * 65536);
    Ints weights(kMaxMixingInputs, kMaxMixingWeight);
    CHECK(plain_dot(inputs, weights) > -(std::int64_t{1} << 30));
    const std::vector<std::uint16_t> probability(4096, 65535);
    const MixingLesson lesson{0, probability.data(), 8191, 0};
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        Ints trained = weights;
        std::int32_t* row = trained.data();
        Ints sums(4);
        MixingPace pace{65535, 8191};
        MixingPace* place = &pace;
        mixing_kernels().dot(inputs.data(), inputs.size(), &row, 1, 0x7FFFFFFF, sums.data());
        CHECK(sums[0] == plain_dot(inputs, weights));
        mixing_kernels().train(inputs.data(), inputs.size(), &row, 1, sums.data(), &place, lesson);
        CHECK(trained == weights);
    }
}
