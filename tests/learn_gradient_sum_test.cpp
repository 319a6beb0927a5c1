#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/learn/gradient_sum.hpp"
#include "support/message.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::learn;

namespace {

using Leaves = std::vector<std::vector<float>>;

// Values of very different sizes, so that another order of additions gives other bits.
Leaves random_leaves(std::size_t count, std::size_t size) {
    Random random(count);
    Leaves leaves(count, std::vector<float>(size));
    for (std::vector<float>& leaf : leaves) {
        for (float& value : leaf) {
            value = static_cast<float>(random.normal() * static_cast<double>(1 + random.below(1000)));
        }
    }
    return leaves;
}

// The definition, word for word.
float tree(const Leaves& leaves, std::size_t first, std::size_t count, std::size_t element) {
    if (count == 1) {
        return leaves[first][element];
    }
    std::size_t half = 1;
    while (2 * half < count) {
        half *= 2;
    }
    return tree(leaves, first, half, element) + tree(leaves, first + half, count - half, element);
}

}  // namespace

TEST_CASE("leaves are summed by the fixed tree, whatever the number of threads") {
    const test::MachineScope scope;
    constexpr std::size_t kSize = 40'000;  // more than two chunks
    std::size_t not_a_chain = 0;
    for (std::size_t count = 1; count <= 19; ++count) {
        const Leaves leaves = random_leaves(count, kSize);
        set_thread_count(1 + count % 3);
        GradientSum sum(kSize);
        for (int round = 0; round < 2; ++round) {  // the second one in used buffers
            for (const std::vector<float>& leaf : leaves) {
                const std::span<float> buffer = sum.open();
                REQUIRE(buffer.size() == kSize);
                REQUIRE(std::all_of(buffer.begin(), buffer.end(), [](float value) { return value == 0.0F; }));
                std::copy(leaf.begin(), leaf.end(), buffer.begin());
                sum.close();
            }
            const std::span<const float> total = sum.total();
            for (std::size_t i = 0; i < kSize; i += 997) {
                REQUIRE(total[i] == tree(leaves, 0, count, i));
                float chain = 0.0F;
                for (const std::vector<float>& leaf : leaves) {
                    chain += leaf[i];
                }
                not_a_chain += chain != total[i] ? 1 : 0;
            }
            sum.clear();
        }
    }
    CHECK(not_a_chain > 100);  // the data tell the orders apart
}

TEST_CASE("a leaf holds 4,096 tokens in whole sequences") {
    CHECK(leaf_sequences(32) == 128);
    CHECK(leaf_sequences(1000) == 4);
    CHECK(leaf_sequences(2048) == 2);
    CHECK(leaf_sequences(4096) == 1);
    CHECK(leaf_sequences(10'000) == 1);
    CHECK(leaf_sequences(1) == 4096);
}

TEST_CASE("the norm is the root of the sum of squares") {
    for (const std::size_t size : {1UL, 15UL, 4096UL, 4097UL, 30'001UL}) {
        const std::vector<float> values = random_leaves(1, size)[0];
        double squares = 0.0;
        for (const float value : values) {
            squares += static_cast<double>(value) * static_cast<double>(value);
        }
        // Within a chunk each of 16 lanes adds at most 256 squares and the tree 4 levels, all positive, with
        // relative error 2^-24 an operation; the root halves it.
        const double bound = 0.5 * (256 + 4) * 0x1p-24;
        CHECK(std::abs(gradient_norm(values) / std::sqrt(squares) - 1.0) < bound);
    }
    CHECK(gradient_norm(std::vector<float>(5000, 0.0F)) == 0.0);
    std::vector<float> broken(5000, 1.0F);
    broken[4999] = std::nanf("");
    CHECK(std::isnan(gradient_norm(broken)));
    CHECK(std::isinf(gradient_norm(std::vector<float>(100, 1e30F))));
}
