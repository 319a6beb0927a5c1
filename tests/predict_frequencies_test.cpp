#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::entropy;
using namespace bitlaw::symbols;
using namespace bitlaw::kernels;
using namespace bitlaw::predict;

namespace {

std::vector<float> random_logits(std::size_t alphabet, double spread, Random& random) {
    std::vector<float> logits(alphabet);
    for (float& logit : logits) {
        logit = static_cast<float>(spread * random.normal());
    }
    return logits;
}

std::vector<std::uint32_t> frequencies(std::span<const float> logits) {
    std::vector<std::uint32_t> result(logits.size());
    frequencies_of(logits, result);
    return result;
}

}  // namespace

TEST_CASE(
    "frequencies: every symbol at least 1, the likeliest 2^24, the others by the rule, on every instruction "
    "set") {
    Random random(1);
    for (const std::size_t alphabet : {2, 3, 63, 64, 65, 255, 256, 257, 5000}) {
        for (const double spread : {0.0, 1.0, 10.0, 1e4, 1e37}) {
            CAPTURE(alphabet);
            CAPTURE(spread);
            const std::vector<float> logits = random_logits(alphabet, spread, random);
            const Isa before = chosen_isa();
            choose_isa(Isa::scalar);
            const std::vector<std::uint32_t> table = frequencies(logits);
            for (const Isa isa : available_isas()) {
                choose_isa(isa);
                CHECK(frequencies(logits) == table);
            }
            choose_isa(before);
            const double most = *std::max_element(logits.begin(), logits.end());
            bool by_rule = true;
            for (std::size_t i = 0; i < alphabet; ++i) {
                // fp32 exp2 of x log2(e): the product's rounding alone gives |x| 2^-24 relative; 1e-5 covers
                // |x| <= 100.
                const double exact =
                    1 + std::exp(static_cast<double>(logits[i]) - most) * (kMaxFrequency - 1);
                by_rule = by_rule && table[i] >= 1 && table[i] <= kMaxFrequency &&
                          std::abs(table[i] - exact) <= 1.001 + 1e-5 * exact;
            }
            CHECK(by_rule);
            CHECK(*std::max_element(table.begin(), table.end()) == kMaxFrequency);
        }
    }
}

TEST_CASE("frequencies: logits that are not finite are refused") {
    for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
        for (const std::size_t place : {0, 7, 255}) {
            std::vector<float> logits(256, 1.0f);
            logits[place] = bad;
            const std::string message = test::message_of<Error>([&] { (void)frequencies(logits); });
            CHECK(test::holds(message, "not a number"));
        }
    }
}

TEST_CASE("frequencies: symbols of every alphabet come back, and cost what symbol_bits says") {
    Random random(2);
    for (const std::size_t alphabet : {2, 3, 63, 64, 65, 128, 255, 256, 257, 65536}) {
        CAPTURE(alphabet);
        std::vector<std::vector<std::uint32_t>> tables;
        std::vector<Symbol> symbols;
        RangeEncoder encoder;
        double bits = 0;
        for (int i = 0; i < 200; ++i) {
            tables.push_back(frequencies(random_logits(alphabet, 3, random)));
            // The ends of the table, and its middle.
            const std::size_t symbol = i % 3 == 0 ? 0 : i % 3 == 1 ? alphabet - 1 : random.below(alphabet);
            symbols.push_back(static_cast<Symbol>(symbol));
            encode_symbol(encoder, tables.back(), symbols.back());
            const Interval part = interval_of(tables.back(), symbols.back());
            const double expected =
                -std::log2(static_cast<double>(part.size) / static_cast<double>(part.total));
            CHECK(symbol_bits(tables.back(), symbols.back()) == doctest::Approx(expected).epsilon(1e-12));
            bits += symbol_bits(tables.back(), symbols.back());
        }
        const Bytes code = encoder.finish();
        CHECK(8.0 * static_cast<double>(code.size()) < bits + 8 + 200 * 2.3e-5);
        RangeDecoder decoder(code);
        for (std::size_t i = 0; i < symbols.size(); ++i) {
            REQUIRE(decode_symbol(decoder, tables[i]) == symbols[i]);
        }
    }
}

TEST_CASE("frequencies: a symbol outside the table is refused") {
    const std::vector<std::uint32_t> table{1, 2, 3};
    CHECK_THROWS_AS((void)interval_of(table, 3), Error);
    CHECK_THROWS_AS((void)symbol_bits(table, 3), Error);
    CHECK(interval_of(table, 1).start == 1);
    CHECK(interval_of(table, 1).total == 6);
}
