#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/entropy/range_coder.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/predict/bit_history.hpp"
#include "bitlaw/predict/context_mixer.hpp"
#include "bitlaw/predict/experts/external.hpp"
#include "bitlaw/predict/log_odds.hpp"
#include "support/isa_scope.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;
using entropy::Interval;
using entropy::RangeDecoder;
using entropy::RangeEncoder;

namespace {

constexpr std::uint64_t kTotal = std::uint64_t{1} << 32;

Interval interval_of(int bit, std::uint32_t p) {
    return bit != 0 ? Interval{0, p, kTotal} : Interval{p, kTotal - p, kTotal};
}

// Words that repeat: about 2 bits a byte for who knows them.
Bytes text(std::size_t count) {
    const std::vector<std::string> words{"the ",   "river ", "stone ", "house ", "of ",
                                         "light ", "and ",   "under ", "falls. "};
    Random random(3);
    std::string all;
    while (all.size() < count) {
        all += words[random.below(words.size())];
    }
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

Bytes noise(std::size_t count) {
    Random random(5);
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) {
        byte = static_cast<std::uint8_t>(random.below(256));
    }
    return bytes;
}

// What an external expert might say: the byte after the last one is likely the next in the alphabet.
std::vector<std::uint32_t> opinion(std::uint8_t last) {
    std::vector<std::uint32_t> frequencies(256, 1);
    frequencies[(last + 1U) & 255] = 1000;
    frequencies[last] = 77;
    return frequencies;
}

// Visits the bytes of all streams in the order that the mixer's header asks for: bit(p, stream, place, shift)
// codes a bit and returns it.
template <class Bit>
void run(ContextMixer& mixer, const std::vector<std::size_t>& lengths, bool external, const Bit& bit) {
    mixer.start(lengths);
    std::vector<std::uint8_t> last(lengths.size(), 0);
    const std::size_t longest = *std::max_element(lengths.begin(), lengths.end());
    for (std::size_t place = 0; place < longest; ++place) {
        for (std::size_t s = 0; s < lengths.size(); ++s) {
            if (place >= lengths[s]) {
                continue;
            }
            mixer.begin(s, external ? opinion(last[s]) : std::vector<std::uint32_t>{});
            unsigned byte = 0;
            for (int shift = 7; shift >= 0; --shift) {
                const int b = bit(mixer.predict(), s, place, shift);
                mixer.accept(b);
                byte = byte << 1 | static_cast<unsigned>(b);
            }
            last[s] = static_cast<std::uint8_t>(byte);
        }
    }
}

Bytes encoded(const ContextMixerSetup& setup, const std::vector<Bytes>& streams) {
    ContextMixer mixer(setup);
    RangeEncoder coder;
    std::vector<std::size_t> lengths;
    for (const Bytes& stream : streams) {
        lengths.push_back(stream.size());
    }
    run(mixer, lengths, setup.external, [&](std::uint32_t p, std::size_t s, std::size_t place, int shift) {
        const int bit = streams[s][place] >> shift & 1;
        coder.encode(interval_of(bit, p));
        return bit;
    });
    return coder.finish();
}

std::vector<Bytes> decoded(const ContextMixerSetup& setup, const Bytes& code,
                           const std::vector<std::size_t>& lengths) {
    ContextMixer mixer(setup);
    RangeDecoder coder(code);
    std::vector<Bytes> streams;
    for (const std::size_t length : lengths) {
        streams.emplace_back(length);
    }
    run(mixer, lengths, setup.external, [&](std::uint32_t p, std::size_t s, std::size_t place, int shift) {
        const int bit = coder.target(kTotal) < p ? 1 : 0;
        coder.accept(interval_of(bit, p));
        streams[s][place] = static_cast<std::uint8_t>(streams[s][place] | bit << shift);
        return bit;
    });
    return streams;
}

ContextMixerSetup setup_for(ExpertSet set, std::size_t bytes) {
    ContextMixerSetup setup;
    setup.set = set;
    setup.bytes = bytes;
    return setup;
}

}  // namespace

TEST_CASE("log odds: probabilities are those of the formula, ascending, and never certain") {
    std::uint32_t before = 0;
    for (std::int32_t fine = -kMaxFineOdds; fine <= kMaxFineOdds; fine += 61) {
        const std::uint32_t p = probability_of(fine);
        const double expected = 1 / (1 + std::exp2(-fine / 16384.0));
        const double smaller = std::min(expected, 1 - expected);
        REQUIRE(std::abs(p / 4294967296.0 - expected) <= smaller * 0x1p-15 + 0x1p-31);
        REQUIRE(p >= before);
        before = p;
    }
    CHECK(probability_of(0) == 1U << 31);
    CHECK(probability_of(-kMaxFineOdds) >= 32);
    CHECK(probability_of(kMaxFineOdds) <= std::uint32_t(0) - 32);
}

TEST_CASE("log odds: logarithms and tables agree with the formula") {
    for (std::uint64_t x = 1; x < std::uint64_t{1} << 62; x = x * 5 / 3 + 1) {
        REQUIRE(log2_of(x) / 65536.0 == doctest::Approx(std::log2(static_cast<double>(x))).epsilon(1e-4));
    }
    for (std::uint32_t i = 0; i < 4096; ++i) {
        const double p = (i + 0.5) / 4096;
        REQUIRE(std::abs(odds_tables().odds[i] - 256 * std::log2(p / (1 - p))) <= 1.01);
    }
}

TEST_CASE("bit histories: every state fits a byte, and more of a bit never makes it less credible") {
    const BitHistories& histories = bit_histories();
    CHECK(histories.count > 150);
    CHECK(histories.count <= 256);
    for (std::size_t state = 0; state < histories.count; ++state) {
        const std::size_t after_one = histories.next[state][1];
        const std::size_t after_zero = histories.next[state][0];
        REQUIRE(histories.ones[after_one] >= histories.ones[state]);
        REQUIRE(histories.zeros[after_one] <= histories.zeros[state]);
        REQUIRE(histories.zeros[after_zero] >= histories.zeros[state]);
        REQUIRE(histories.ones[after_zero] <= histories.ones[state]);
        REQUIRE((after_one != 0 && after_zero != 0));
    }
}

TEST_CASE("external expert: eight decisions multiply to the byte's share") {
    External external;
    const std::vector<std::uint32_t> frequencies = opinion('a');
    external.set(frequencies);
    double total = 0;
    for (const std::uint32_t f : frequencies) {
        total += f;
    }
    for (const unsigned byte : {0U, 97U, 98U, 255U}) {
        double bits = 0;
        for (unsigned node = 1, shift = 8; shift-- > 0;) {
            const int bit = byte >> shift & 1;
            const double odds = external.odds(node) / 256.0;
            bits += std::log2(1 + std::exp2(bit != 0 ? -odds : odds));
            node = 2 * node + static_cast<unsigned>(bit);
        }
        CHECK(bits == doctest::Approx(std::log2(total / frequencies[byte])).epsilon(0.01));
    }
    CHECK(external.doubt() <= 7);
    external.set({});
    CHECK(!external.speaks());
}

TEST_CASE("context mixer: bytes come back, of every kind and length, from both sets") {
    for (const ExpertSet set : {ExpertSet::fast, ExpertSet::full}) {
        for (const std::size_t count : {0U, 1U, 2U, 3U, 100U, 5000U}) {
            for (const Bytes& plain : {text(count), noise(count), Bytes(count, 0), Bytes(count, 0xFF)}) {
                const ContextMixerSetup setup = setup_for(set, count);
                const Bytes code = encoded(setup, {plain});
                REQUIRE(decoded(setup, code, {count}) == std::vector<Bytes>{plain});
                REQUIRE(code.size() <= count + count / 50 + 8);
            }
        }
    }
}

TEST_CASE("context mixer: text and zeros become small") {
    for (const ExpertSet set : {ExpertSet::fast, ExpertSet::full}) {
        CHECK(encoded(setup_for(set, 20000), {text(20000)}).size() < 20000 * 27 / 100);
        CHECK(encoded(setup_for(set, 100000), {Bytes(100000, 0)}).size() < 150);
    }
}

TEST_CASE("context mixer: streams of unequal length share what they learn, with an external expert too") {
    const Bytes all = text(9000);
    std::vector<Bytes> streams;
    for (const std::size_t length : {3000U, 3001U, 0U, 2999U}) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(1000 * streams.size());
        streams.emplace_back(from, from + static_cast<std::ptrdiff_t>(length));
    }
    for (const bool external : {false, true}) {
        ContextMixerSetup setup = setup_for(ExpertSet::full, 9000);
        setup.streams = 4;
        setup.external = external;
        const Bytes code = encoded(setup, streams);
        CHECK(decoded(setup, code, {3000, 3001, 0, 2999}) == streams);
        std::size_t apart = 0;
        for (const Bytes& stream : streams) {
            apart += encoded(setup_for(ExpertSet::full, 3000), {stream}).size();
        }
        CHECK(code.size() < apart);
    }
}

TEST_CASE("context mixer: a good external expert is believed") {
    Bytes alphabet(4000);
    Random random(7);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        // One of 20 bytes starts anew, so that contexts alone know little.
        const auto last = i == 0 ? std::uint8_t{0} : alphabet[i - 1];
        alphabet[i] = static_cast<std::uint8_t>(random.below(20) == 0 ? random.below(256) : last + 1U);
    }
    ContextMixerSetup setup = setup_for(ExpertSet::fast, alphabet.size());
    const std::size_t alone = encoded(setup, {alphabet}).size();
    setup.external = true;
    CHECK(encoded(setup, {alphabet}).size() < alone * 9 / 10);
}

TEST_CASE("context mixer: every instruction set gives the same bytes") {
    const Bytes plain = text(20000);
    for (const ExpertSet set : {ExpertSet::fast, ExpertSet::full}) {
        std::vector<Bytes> codes;
        for (const kernels::Isa isa : kernels::available_isas()) {
            const test::IsaScope scope(isa);
            codes.push_back(encoded(setup_for(set, plain.size()), {plain}));
            CHECK(codes.back() == codes.front());
        }
    }
}

TEST_CASE("context mixer: every expert can be left out, and memory is kept to") {
    const Bytes plain = text(3000);
    for (const ExpertSet set : {ExpertSet::fast, ExpertSet::full}) {
        for (std::size_t i = 0; i < ContextMixer::experts(set).size(); ++i) {
            ContextMixerSetup setup = setup_for(set, plain.size());
            setup.experts &= ~(std::uint64_t{1} << i);
            const Bytes code = encoded(setup, {plain});
            CHECK(decoded(setup, code, {plain.size()}).front() == plain);
        }
        ContextMixerSetup setup = setup_for(set, std::size_t{1} << 24);
        setup.memory = std::size_t{32} << 20;
        CHECK(ContextMixer(setup).memory() <= setup.memory + (std::size_t{32} << 20));
        CHECK(ContextMixer(setup_for(set, 1000)).memory() < std::size_t{4} << 20);
    }
}
