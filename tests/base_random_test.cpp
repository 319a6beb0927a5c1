#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"

using namespace bitlaw;

TEST_CASE("random: known answers, so that the generator never changes silently") {
    // Computed by a separate program in Python's whole numbers from the formula in the header.
    Random random(42, 7);
    CHECK(random.key() == 0x32028F50341EBD74);
    CHECK(random.next() == 0x007DE1D8A28A75F0);
    CHECK(random.next() == 0x3CFFC558EC7E77E3);
    CHECK(random.next() == 0x6943678693D88873);
    CHECK(random.counter() == 3);
    CHECK(Random(0).next() == 0x6450182C7CD8384D);
    Random normals(42);
    const double first = normals.normal();
    CHECK(std::fabs(first - 1.4133354142511678) < 1e-13);  // Python's own log and cos
    CHECK(first == 0x1.69d059867cc4dp+0);
}

TEST_CASE("random: a saved state continues exactly") {
    Random random(5, 9);
    for (int i = 0; i < 100; ++i) {
        (void)random.normal();
        (void)random.below(10);
    }
    Random resumed = Random::from_state(random.key(), random.counter());
    for (int i = 0; i < 100; ++i) {
        CHECK(resumed.next() == random.next());
        CHECK(resumed.normal() == random.normal());
    }
}

TEST_CASE("random: seeds and streams differ from each other") {
    std::set<std::uint64_t> values;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        for (std::uint64_t stream = 0; stream < 30; ++stream) {
            Random random(seed, stream);
            values.insert(random.next());
            values.insert(random.next());
        }
    }
    CHECK(values.size() == 30 * 30 * 2);
}

TEST_CASE("random: two streams are not one sequence shifted") {
    std::set<std::uint64_t> seen;
    Random first(1, 0);
    for (int i = 0; i < 20'000; ++i) {
        seen.insert(first.next());
    }
    Random second(1, 1);
    int shared = 0;
    for (int i = 0; i < 20'000; ++i) {
        shared += seen.contains(second.next()) ? 1 : 0;
    }
    CHECK(shared == 0);
}

TEST_CASE("random: bytes are uniform") {
    // Chi-square over 256 values has 255 degrees of freedom: mean 255, standard deviation sqrt(510) = 22.6.
    // The draws are fixed, so the bound of 5 deviations either way is met for good or never.
    for (const int shift : {0, 24, 56}) {
        constexpr int kDraws = 1 << 18;
        std::array<int, 256> count{};
        Random random(11);
        for (int i = 0; i < kDraws; ++i) {
            ++count[(random.next() >> shift) & 255];
        }
        double chi_square = 0.0;
        for (const int seen : count) {
            const double difference = seen - kDraws / 256.0;
            chi_square += difference * difference / (kDraws / 256.0);
        }
        CAPTURE(shift);
        CHECK(std::fabs(chi_square - 255.0) < 5.0 * std::sqrt(510.0));
    }
}

TEST_CASE("random: neighbouring counters and keys share half their bits") {
    // Sum of 64 * kPairs fair coins: deviation sqrt(64 * kPairs) / 2.
    constexpr int kPairs = 20'000;
    const double deviation = std::sqrt(64.0 * kPairs) / 2.0;
    double by_counter = 0.0;
    double by_key = 0.0;
    for (int i = 0; i < kPairs; ++i) {
        const auto number = static_cast<std::uint64_t>(i);
        Random random = Random::from_state(number, 0);
        const std::uint64_t value = random.next();
        by_counter += __builtin_popcountll(value ^ random.next());
        by_key += __builtin_popcountll(value ^ Random::from_state(number + 1, 0).next());
    }
    CHECK(std::fabs(by_counter - 32.0 * kPairs) < 5.0 * deviation);
    CHECK(std::fabs(by_key - 32.0 * kPairs) < 5.0 * deviation);
}

TEST_CASE("random: below stays below, reaches every value and has no bias") {
    Random random(13);
    std::array<int, 6> count{};
    constexpr int kDraws = 60'000;
    for (int i = 0; i < kDraws; ++i) {
        const std::uint64_t value = random.below(6);
        REQUIRE(value < 6);
        ++count[value];
    }
    for (const int seen : count) {  // binomial: deviation sqrt(n p (1 - p))
        CHECK(std::abs(seen - kDraws / 6.0) < 5.0 * std::sqrt(kDraws * (1.0 / 6.0) * (5.0 / 6.0)));
    }
    CHECK(random.below(1) == 0);
    // 2^63 + 1: nearly half of all words must be rejected; plain modulo would favour low values two to one.
    constexpr std::uint64_t kBound = (std::uint64_t{1} << 63) + 1;
    int low = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = random.below(kBound);
        REQUIRE(value < kBound);
        low += value < kBound / 2 ? 1 : 0;
    }
    CHECK(std::abs(low - 5000) < 5.0 * std::sqrt(10'000 * 0.25));
    CHECK_THROWS_AS((void)random.below(0), Error);
}

TEST_CASE("random: uniform lies in [0, 1) with mean 1/2 and variance 1/12") {
    Random random(17);
    constexpr int kDraws = 100'000;
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
        const double value = random.uniform();
        REQUIRE(value >= 0.0);
        REQUIRE(value < 1.0);
        sum += value;
        squares += (value - 0.5) * (value - 0.5);
    }
    CHECK(std::fabs(sum / kDraws - 0.5) < 5.0 / std::sqrt(12.0 * kDraws));
    CHECK(std::fabs(squares / kDraws - 1.0 / 12.0) <
          5.0 / std::sqrt(180.0 * kDraws));  // Var((u - 1/2)^2) = 1/180
}

TEST_CASE("random: normal has mean 0, variance 1, fourth moment 3 and tails") {
    Random random(19);
    constexpr int kDraws = 100'000;
    double sum = 0.0;
    double squares = 0.0;
    double fourths = 0.0;
    double largest = 0.0;
    for (int i = 0; i < kDraws; ++i) {
        const double value = random.normal();
        sum += value;
        squares += value * value;
        fourths += value * value * value * value;
        largest = std::max(largest, std::fabs(value));
    }
    // Variances of the three averages for a standard normal: 1/n, 2/n and 96/n.
    CHECK(std::fabs(sum / kDraws) < 5.0 * std::sqrt(1.0 / kDraws));
    CHECK(std::fabs(squares / kDraws - 1.0) < 5.0 * std::sqrt(2.0 / kDraws));
    CHECK(std::fabs(fourths / kDraws - 3.0) < 5.0 * std::sqrt(96.0 / kDraws));
    CHECK(largest > 3.5);
    CHECK(largest < 8.6);  // sqrt(-2 ln 2^-53) = 8.57
}
