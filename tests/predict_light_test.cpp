#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/predict/byte_lines.hpp"
#include "bitlaw/predict/context_mixer.hpp"
#include "bitlaw/predict/experts/quick_match.hpp"
#include "bitlaw/predict/mixing_predictor.hpp"
#include "support/predictor_conformance.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;
using namespace bitlaw::test;

namespace {

Bytes light_code(const Bytes& plain) {
    MixingPredictor predictor({.set = ExpertSet::fast, .bytes = plain.size()}, TableMaker(), 1);
    return coding::encode_streams(predictor, plain, 1, {}).at(0);
}

PredictorMaker light_predictors(std::uint64_t experts) {
    return {
        .make =
            [=] {
                return std::make_unique<MixingPredictor>(
                    MixingOptions{
                        .set = ExpertSet::fast, .experts = experts, .bytes = 400, .memory = kMinMixingMemory},
                    TableMaker(), 2);
            },
        .alphabet = 256,
        .independent = false};
}

}  // namespace

TEST_CASE("byte lines: contexts are found again, and the less used one goes") {
    const ByteLines lines(2 * kLineBytes);
    CHECK(lines.bytes() == 2 * kLineBytes);
    ByteLine* const a = lines.find(1);
    const std::uint8_t once = bit_histories().next[0][0];
    ByteLines::first(a)[1] = once;
    ByteLine* const b = lines.find(2);
    CHECK(a != b);
    ByteLines::first(b)[1] = bit_histories().next[0][once];
    CHECK(lines.find(1) == a);
    CHECK(lines.find(2) == b);
    ByteLine* const c = lines.find(3);
    CHECK(c == a);
    CHECK(ByteLines::first(c)[1] == 0);
    CHECK(lines.find(2) == b);
}

TEST_CASE("byte lines: three first nibbles have a slot each, a fourth takes the least used one") {
    const ByteLines lines(kLineBytes);
    ByteLine* const line = lines.find(77);
    const BitHistories& histories = bit_histories();
    std::array<std::uint8_t*, 3> slots{};
    std::uint8_t state = 0;
    for (std::uint32_t i = 0; i < 3; ++i) {
        slots[i] = lines.second(line, 5 + i);
        CHECK(slots[i][1] == 0);
        state = histories.next[1][state];
        slots[i][1] = i == 1 ? histories.next[1][0] : histories.next[1][state];
        slots[i][15] = 9;
    }
    for (std::uint32_t i = 0; i < 3; ++i) {
        CHECK(lines.second(line, 5 + i) == slots[i]);
    }
    std::uint8_t* const fourth = lines.second(line, 12);
    CHECK(fourth == slots[1]);
    CHECK(fourth[1] == 0);
    CHECK(fourth[15] == 0);
    CHECK(lines.second(line, 5) == slots[0]);
    CHECK(slots[0][15] == 9);
    CHECK(ByteLines::first(line)[1] == 0);
}

TEST_CASE(
    "quick match: it goes on where the last six bytes stood before, and ends with a byte that differs") {
    QuickMatches matches(1024);
    History history(256);
    Past past{&history, 1, 1, 0};
    QuickMatch match;
    const auto feed = [&](const std::string& text) {
        for (const char c : text) {
            matches.begin(match, past);
            const auto byte = static_cast<std::uint8_t>(c);
            history.set(past.place++, byte);
            past.last = past.last << 8 | byte;
            matches.accept(match, past);
        }
        matches.begin(match, past);
    };
    feed("abcdefghij");
    CHECK(match.length == 0);
    feed("0123abcde");
    CHECK(match.length == 0);
    feed("f");
    CHECK(match.length == 6);
    CHECK(match.expected == 'g');
    const MatchOpinion first = matches.opinion(match, 1);
    CHECK(first.state == 2 * 6);  // the first bit of 'g' is 0
    CHECK(first.odds < 0);
    CHECK(first.lean < 0);
    CHECK(matches.opinion(match, 3).state == 0);  // a one came
    feed("gh");
    CHECK(match.length == 8);
    feed("x");
    CHECK(match.length == 0);
    CHECK(matches.opinion(match, 1).odds == 0);
}

TEST_CASE("the light set conforms: each expert left out, and each alone") {
    for (std::size_t expert = 0; expert < ContextMixer::experts().size(); ++expert) {
        const std::uint64_t bit = std::uint64_t{1} << expert;
        if ((ContextMixer::experts_of(ExpertSet::fast) & bit) != 0) {
            CAPTURE(std::string(ContextMixer::experts()[expert]));
            CHECK(violations_of(light_predictors(~bit)) == "");
            CHECK(violations_of(light_predictors(bit)) == "");
        }
    }
}

TEST_CASE("the light set: zeros and a repeated line take next to nothing, noise not more than itself") {
    set_thread_count(1);
    CHECK(light_code(Bytes(300000, 0)).size() < 60);
    Bytes lines;
    const std::string line = "one line that is repeated, and repeated\n";
    while (lines.size() < 300000) {
        lines.insert(lines.end(), line.begin(), line.end());
    }
    CHECK(light_code(lines).size() < 150);
    Random random(5);
    Bytes noise(50000);
    for (std::uint8_t& byte : noise) {
        byte = static_cast<std::uint8_t>(random.below(256));
    }
    CHECK(light_code(noise).size() < noise.size() + noise.size() / 30);
}
