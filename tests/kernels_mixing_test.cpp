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
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        const MixingKernels& kernels = mixing_kernels();
        for (const std::size_t count : {16U, 32U, 48U, 96U, 256U}) {
            for (std::size_t sets = 1; sets <= 9; sets += 4) {
                CAPTURE(std::string(isa_name(isa)));
                CAPTURE(count);
                Ints inputs(count);
                std::generate(inputs.begin(), inputs.end(), [&] { return within(random, kInput) * 65536; });
                std::vector<Ints> weights(sets, Ints(count));
                Ints steps(sets);
                std::vector<std::int32_t*> rows;
                for (std::size_t s = 0; s < sets; ++s) {
                    std::generate(weights[s].begin(), weights[s].end(),
                                  [&] { return within(random, kMaxMixingWeight); });
                    steps[s] = s % 3 == 2 ? 0 : within(random, 32767);
                    rows.push_back(weights[s].data());
                }
                const std::vector<Ints> before = weights;
                Ints sums(sets);
                kernels.dot(inputs.data(), count, rows.data(), sets, sums.data());
                kernels.train(inputs.data(), count, rows.data(), sets, steps.data());
                for (std::size_t s = 0; s < sets; ++s) {
                    CHECK(sums[s] == plain_dot(inputs, before[s]));
                    CHECK(weights[s] == plain_train(inputs, before[s], steps[s]));
                }
            }
        }
    }
}

TEST_CASE("mixing kernels: the largest inputs and weights stay inside 32 bits") {
    const Ints inputs(kMaxMixingInputs, -kInput * 65536);
    Ints weights(kMaxMixingInputs, kMaxMixingWeight);
    CHECK(plain_dot(inputs, weights) > -(std::int64_t{1} << 30));
    for (const Isa isa : available_isas()) {
        const test::IsaScope scope(isa);
        Ints trained = weights;
        std::int32_t* row = trained.data();
        std::int32_t sum = 0;
        mixing_kernels().dot(inputs.data(), inputs.size(), &row, 1, &sum);
        CHECK(sum == plain_dot(inputs, weights));
        const std::int32_t step = -32767;
        mixing_kernels().train(inputs.data(), inputs.size(), &row, 1, &step);
        CHECK(trained == weights);
    }
}
