#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/bit_view.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/log_odds.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;
using namespace bitlaw::symbols;

namespace {

// Tables of all kinds: random, peaked, equal, of small alphabets.
std::vector<std::vector<std::uint32_t>> tables() {
    Random random(4);
    std::vector<std::vector<std::uint32_t>> all;
    for (const std::size_t alphabet : {1U, 2U, 5U, 128U, 129U, 200U, 256U}) {
        all.emplace_back(alphabet, 1);
        all.emplace_back(alphabet, kMaxFrequency);
        std::vector<std::uint32_t> peaked(alphabet, 1);
        peaked[alphabet / 2] = kMaxFrequency;
        all.push_back(peaked);
        for (std::uint32_t& frequency : peaked) {
            frequency = static_cast<std::uint32_t>(1 + (random.below(kMaxFrequency) >> random.below(24)));
        }
        all.push_back(peaked);
    }
    return all;
}

}  // namespace

TEST_CASE("bit view: the ratios of a byte's bits are the symbol's share, exactly") {
    for (const std::vector<std::uint32_t>& frequency : tables()) {
        std::uint64_t total = 0;
        for (const std::uint32_t one : frequency) {
            total += one;
        }
        for (std::size_t symbol = 0; symbol < frequency.size(); ++symbol) {
            BitView view(frequency);
            REQUIRE(view.odds().total == total);
            for (int shift = 7; shift >= 0; --shift) {
                REQUIRE_FALSE(view.done());
                const BitOdds odds = view.odds();
                const bool bit = (symbol >> shift & 1) != 0;
                // The chosen side's weight is the next node's: the fractions telescope.
                const std::uint64_t weight = bit ? odds.ones : odds.total - odds.ones;
                view.accept(bit);
                REQUIRE((view.done() || view.odds().total == weight));
                REQUIRE((!view.done() || weight == frequency[symbol]));
            }
            REQUIRE(view.done());
            REQUIRE(view.symbol() == symbol);
        }
    }
}

TEST_CASE("bit view: bytes beyond the alphabet have no weight and still a probability") {
    const std::vector<std::uint32_t> frequency(3, 10);
    BitView view(frequency);
    CHECK(view.odds().ones == 0);
    CHECK(probability(view.odds(), 22) == 1);
    CHECK(fine_odds(view.odds()) == -kMaxFineOdds);
    for (int i = 0; i < 8; ++i) {
        view.accept(true);
        CHECK((view.done() || view.odds().total == 0));
        CHECK(probability(view.odds(), 22) == 1u << 21);
        CHECK(fine_odds(view.odds()) == 0);
    }
    CHECK(view.symbol() == 255);
    CHECK_THROWS_AS(view.accept(true), Error);
    const std::vector<std::uint32_t> wide(257, 1);
    CHECK_THROWS_AS(BitView{wide}, Error);
}

TEST_CASE("bit view: probabilities are rounded down and never certain") {
    CHECK(probability({1, 3}, 16) == 65536 / 3);
    CHECK(probability({0, 7}, 16) == 1);
    CHECK(probability({7, 7}, 16) == 65535);
    CHECK(probability({std::uint64_t{1} << 31, std::uint64_t{1} << 32}, 31) == 1u << 30);
    CHECK(probability({(std::uint64_t{1} << 32) - 1, std::uint64_t{1} << 32}, 22) == (1u << 22) - 1);
    CHECK_THROWS_AS((void)probability({1, 2}, 0), Error);
    CHECK_THROWS_AS((void)probability({1, 2}, 32), Error);
}

TEST_CASE("bit view: log odds agree with logarithms, are odd and grow with the odds") {
    Random random(8);
    double worst = 0;
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t total = 2 + (random.next() >> (32 + random.below(31)));
        const std::uint64_t ones = 1 + random.below(total - 1);
        const double exact =
            exact_log2(static_cast<double>(ones)) - exact_log2(static_cast<double>(total - ones));
        const double bounded = std::clamp(exact, -26.0, 26.0);
        const std::int32_t found = fine_odds({ones, total});
        worst = std::max(worst, std::abs(found - bounded * (1 << kFineBits)));
        REQUIRE(found == -fine_odds({total - ones, total}));
    }
    CHECK(worst < 2);
    CHECK(worst > 0.5);  // so the bound is not idle
    std::int32_t before = -kMaxFineOdds;
    for (std::uint64_t ones = 1; ones < 3000; ++ones) {
        const std::int32_t next = fine_odds({ones, 3000});
        REQUIRE(next > before);
        before = next;
    }
    CHECK(fine_odds({1, std::uint64_t{1} << 32}) == -kMaxFineOdds);
    CHECK(fine_odds({1, 2}) == 0);
    CHECK(fine_odds({3, 4}) == 25968);  // log2(3) = 1.58496
}
