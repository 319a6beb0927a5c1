#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/bit_history.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "bitlaw/predict/refinement.hpp"
#include "bitlaw/predict/slots.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;

namespace {

// What mixer.hpp says, in 64 bits and without padding or kernels.
class PlainMixer {
   public:
    explicit PlainMixer(const MixerShape& shape) : shape_(shape), inputs_(shape.inputs, 0) {
        for (const std::size_t sets : shape.groups) {
            weights_.push_back(
                std::vector<Row>(sets, Row(shape.inputs, std::int64_t{shape.first_weight} << 12)));
            ages_.push_back(std::vector<std::int64_t>(sets, 0));
        }
        const auto groups = static_cast<std::int64_t>(shape.groups.size());
        final_.assign(shape.final_sets, Row(shape.groups.size(), (1 << 20) / groups));
        chosen_.assign(shape.groups.size() + 1, 0);
        sums_.assign(shape.groups.size(), 0);
    }
    void set(std::size_t i, std::int64_t odds) { inputs_[i] = odds; }
    void choose(std::size_t group, std::size_t set) { chosen_[group] = set; }
    std::int64_t predict() {
        std::int64_t sum = 0;
        for (std::size_t g = 0; g < sums_.size(); ++g) {
            const Row& row = weights_[g][chosen_[g]];
            std::int64_t dot = 0;
            for (std::size_t i = 0; i < inputs_.size(); ++i) {
                dot += ((row[i] >> 16) * inputs_[i]) >> 6;
            }
            sums_[g] = std::clamp<std::int64_t>(dot, -kMaxFineOdds, kMaxFineOdds);
            sum += final_[chosen_.back()][g] * sums_[g];
        }
        return std::clamp<std::int64_t>(sum >> 20, -kMaxFineOdds, kMaxFineOdds);
    }
    void update(int bit, std::int64_t p) {
        constexpr std::int64_t kMax = kernels::kMaxMixingWeight;
        for (std::size_t g = 0; g < sums_.size(); ++g) {
            std::int64_t& age = ages_[g][chosen_[g]];
            const std::int64_t rate = 400 + 4000 * 256 / (256 + age);
            age = std::min<std::int64_t>(age + 1, 65535);
            const std::int64_t error =
                (bit << 16) - odds_tables().coarse(static_cast<std::int32_t>(sums_[g]));
            const std::int64_t step = std::clamp<std::int64_t>((error * rate + 8192) >> 14, -32767, 32767);
            Row& row = weights_[g][chosen_[g]];
            for (std::size_t i = 0; i < inputs_.size(); ++i) {
                row[i] = std::clamp<std::int64_t>(row[i] + inputs_[i] * step, -kMax, kMax);
            }
            const std::int64_t fine_error = ((std::int64_t{bit} << 32) - p) >> 8;
            std::int64_t& last = final_[chosen_.back()][g];
            last = std::clamp<std::int64_t>(last + ((fine_error * sums_[g] >> 16) * 3 >> 14), -(1 << 24),
                                            1 << 24);
        }
    }

   private:
    using Row = std::vector<std::int64_t>;
    MixerShape shape_;
    Row inputs_, sums_;
    std::vector<std::size_t> chosen_;
    std::vector<std::vector<Row>> weights_;
    std::vector<Row> ages_, final_;
};

}  // namespace

TEST_CASE("mixer: what its header says, on every instruction set") {
    const MixerShape shape{21, {3, 5}, 4, 9000};
    for (const kernels::Isa isa : kernels::available_isas()) {
        const test::IsaScope scope(isa);
        Mixer mixer(shape);
        PlainMixer plain(shape);
        Random random(9);
        int differing = 0;
        for (int t = 0; t < 5000; ++t) {
            const int bit = random.below(5) == 0 ? 1 : 0;
            for (std::size_t i = 0; i < shape.inputs; ++i) {
                // Some inputs know the bit, at times with all their might.
                const auto size = static_cast<std::int32_t>(random.below(i == 3 ? kMaxOdds : 300));
                const std::int32_t odds = (i % 3 == 0) == (bit != 0) ? size : -size;
                mixer.set(i, odds);
                plain.set(i, odds);
            }
            for (std::size_t g = 0; g <= shape.groups.size(); ++g) {
                const std::size_t set =
                    random.below(g < shape.groups.size() ? shape.groups[g] : shape.final_sets);
                mixer.choose(g, set);
                plain.choose(g, set);
            }
            const std::int32_t fine = mixer.predict();
            differing += fine == plain.predict() ? 0 : 1;
            const std::uint32_t p = probability_of(fine);
            mixer.update(bit, p);
            plain.update(bit, p);
        }
        CHECK(differing == 0);
    }
}

TEST_CASE("log odds: the table gives what the logarithms give") {
    Random random(3);
    std::size_t differing = 0;
    std::int32_t farthest = 0;
    for (int i = 0; i < 400000; ++i) {
        const std::uint64_t ones = 1 + (random.below(std::uint64_t{1} << 40) >> random.below(40));
        const std::uint64_t zeros = 1 + (random.below(std::uint64_t{1} << 40) >> random.below(40));
        farthest = std::max(farthest, std::abs(odds_tables().quick_log2(ones) - log2_of(ones)));
        const std::int32_t odds = std::clamp((log2_of(ones) - log2_of(zeros)) >> 8, -kMaxOdds, kMaxOdds);
        differing += odds_of_ratio(ones, zeros) == odds ? 0 : 1;
    }
    CHECK(differing == 0);
    CHECK(farthest <= 3);
    CHECK(odds_of_ratio(1, 1) == 0);
}

TEST_CASE("history: bytes that agree are counted, across the ring's beginning too") {
    Random random(4);
    History history(64);
    for (int round = 0; round < 3000; ++round) {
        for (std::uint32_t i = 0; i < 64; ++i) {
            history.set(i, static_cast<std::uint8_t>(random.below(round % 3 == 0 ? 2 : 1)));
        }
        history.set(static_cast<std::uint32_t>(random.below(64)), 9);
        const auto a = static_cast<std::uint32_t>(1000 + random.below(64));
        const auto b = static_cast<std::uint32_t>(1000 + random.below(64));
        const auto limit = static_cast<std::uint32_t>(random.below(49));
        std::uint32_t length = 0;
        while (length < limit && history.at(a - 1 - length) == history.at(b - 1 - length)) {
            ++length;
        }
        REQUIRE(history.agreeing(a, b, limit) == length);
    }
}

TEST_CASE("bit histories: counts grow by one with each bit, and contradictions are forgotten") {
    const BitHistories& histories = bit_histories();
    CHECK(histories.count <= 256);
    for (std::size_t state = 0; state < histories.count; ++state) {
        for (const int bit : {0, 1}) {
            const std::size_t next = histories.next[static_cast<std::size_t>(bit)][state];
            const auto& same = bit != 0 ? histories.ones : histories.zeros;
            const auto& other = bit != 0 ? histories.zeros : histories.ones;
            CHECK(same[next] >= 1);
            CHECK(same[next] <= same[state] + 1);
            CHECK(other[next] <= other[state]);
            CHECK(next < histories.count);
        }
    }
    for (std::size_t state = 0; state < 256; ++state) {
        const bool one_only = (histories.zeros[state] != 0) != (histories.ones[state] != 0);
        CHECK((state >= 1 && state < histories.single_end) == (one_only && state < histories.count));
    }
    std::size_t state = 0;
    for (int i = 0; i < 100; ++i) {
        state = histories.next[0][state];
    }
    CHECK(histories.zeros[state] >= 40);
    CHECK(histories.ones[state] == 0);
}

TEST_CASE("slots: a context finds its slot again, and the least used one makes room") {
    SlotTable table(kLineBytes);  // one line: all contexts meet in it
    const auto hash = [](std::uint64_t check) { return check; };
    std::uint8_t* const first = table.find(hash(1));
    first[1] = bit_histories().next[0][0];  // seen once
    first[7] = 77;
    CHECK(table.find(hash(1)) == first);
    std::uint8_t* const second = table.find(hash(2));
    CHECK(second != first);
    second[1] = bit_histories().next[0][first[1]];  // seen twice
    std::uint8_t* const third = table.find(hash(3));
    third[1] = second[1];
    third[16] = 9;
    std::uint8_t* const fourth = table.find(hash(4));
    CHECK(fourth == first);
    CHECK(int{fourth[7]} == 0);
    CHECK(table.find(hash(3)) == third);
    CHECK(int{third[16]} == 9);
}

TEST_CASE("adaptive maps: the mean of few bits, and a limited memory for many") {
    Counted slot = counted(32768);
    const auto share = [&] { return (slot >> 10) / 4194304.0; };
    learn(slot, 1, 1023, counted_steps());
    CHECK(share() == doctest::Approx(0.5 + 0.5 / 1.5).epsilon(0.001));
    learn(slot, 0, 1023, counted_steps());
    CHECK(share() == doctest::Approx((0.5 + 0.5 / 1.5) * (1 - 1 / 2.5)).epsilon(0.001));
    for (int i = 0; i < 20000; ++i) {
        learn(slot, i % 4 == 0 ? 1 : 0, 255, counted_steps());
    }
    CHECK(share() == doctest::Approx(0.25).epsilon(0.02));
    CHECK((slot & 1023) == 255);
}

TEST_CASE("refinement: nothing changes at first, then what really came") {
    Refinement refinement(3);
    for (std::int32_t fine = -(12 << kFineBits) + 1; fine < 12 << kFineBits; fine += 997) {
        REQUIRE(Refinement::reaches(fine));
        const double p = 1 / (1 + std::exp2(-fine / 16384.0));
        CHECK(std::abs(refinement.predict(fine, 1) / 65536.0 - p) < 0.02);
    }
    CHECK(!Refinement::reaches(12 << kFineBits));
    for (int i = 0; i < 5000; ++i) {
        (void)refinement.predict(0, 2);
        refinement.accept(i % 8 == 0 ? 1 : 0);
    }
    CHECK(std::abs(refinement.predict(0, 2) / 65536.0 - 0.125) < 0.03);
    CHECK(std::abs(refinement.predict(0, 1) / 65536.0 - 0.5) < 0.001);
}
