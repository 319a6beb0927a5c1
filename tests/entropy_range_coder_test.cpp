#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/entropy/range_coder.hpp"

using namespace bitlaw;
using namespace bitlaw::entropy;

namespace {

// A table as the boundaries of its symbols: 0, ..., total.
using Table = std::vector<std::uint64_t>;

Table table_of(const std::vector<std::uint64_t>& frequencies) {
    Table table{0};
    for (const std::uint64_t frequency : frequencies) {
        table.push_back(table.back() + frequency);
    }
    return table;
}

Interval interval(const Table& table, std::size_t symbol) {
    return {table[symbol], table[symbol + 1] - table[symbol], table.back()};
}

std::size_t symbol_at(const Table& table, std::uint64_t target) {
    std::size_t low = 0;
    std::size_t high = table.size() - 1;
    while (high - low > 1) {
        const std::size_t middle = (low + high) / 2;
        (table[middle] <= target ? low : high) = middle;
    }
    return low;
}

Bytes encode(const Table& table, const std::vector<std::size_t>& symbols) {
    RangeEncoder encoder;
    for (const std::size_t symbol : symbols) {
        encoder.encode(interval(table, symbol));
    }
    return encoder.finish();
}

std::vector<std::size_t> decode(const Table& table, ByteSpan code, std::size_t count) {
    RangeDecoder decoder(code);
    std::vector<std::size_t> symbols;
    for (std::size_t i = 0; i < count; ++i) {
        symbols.push_back(symbol_at(table, decoder.target(table.back())));
        decoder.accept(interval(table, symbols.back()));
    }
    return symbols;
}

// Round trip, and the length within the bound that the header derives.
void check_table(const Table& table, const std::vector<std::size_t>& symbols) {
    double ideal = 0;
    for (const std::size_t symbol : symbols) {
        const Interval part = interval(table, symbol);
        ideal += std::log2(static_cast<double>(part.total)) - std::log2(static_cast<double>(part.size));
    }
    const double loss = -std::log2(1 - static_cast<double>(table.back()) / 0x1p56);
    const auto count = static_cast<double>(symbols.size());
    const Bytes code = encode(table, symbols);
    const double rounding = count * 1e-13 * (1 + std::log2(static_cast<double>(table.back())));
    CHECK(8.0 * static_cast<double>(code.size()) < ideal + count * loss + 8 + rounding);
    CHECK(decode(table, code, symbols.size()) == symbols);
}

std::vector<std::size_t> random_symbols(const Table& table, std::size_t count, Random& random) {
    std::vector<std::size_t> symbols;
    for (std::size_t i = 0; i < count; ++i) {
        symbols.push_back(symbol_at(table, random.below(table.back())));
    }
    return symbols;
}

constexpr std::uint64_t kMost = std::uint64_t{1} << 24;

}  // namespace

TEST_CASE("range coder: nothing, and symbols that are certain, cost no byte") {
    CHECK(RangeEncoder().finish().empty());
    CHECK(encode(table_of({kMost}), std::vector<std::size_t>(1000, 0)).empty());
    CHECK(decode(table_of({kMost}), {}, 1000) == std::vector<std::size_t>(1000, 0));
}

TEST_CASE("range coder: adversarial tables of every size of alphabet") {
    Random random(1);
    for (const std::size_t alphabet : {2, 3, 16, 255, 256, 257, 4096, 65536}) {
        CAPTURE(alphabet);
        std::vector<std::vector<std::uint64_t>> tables;
        tables.emplace_back(alphabet, 1);
        tables.emplace_back(alphabet, kMost);  // the largest total of this alphabet
        tables.emplace_back(alphabet, 1);
        tables.back().front() = kMost;  // one likely symbol first, the others least likely
        tables.emplace_back(alphabet, 1);
        tables.back().back() = kMost;
        tables.emplace_back(alphabet, kMost);
        tables.back().front() = 1;
        tables.emplace_back(alphabet, kMost);
        tables.back()[alphabet / 2] = 1;
        tables.emplace_back();
        for (std::size_t i = 0; i < alphabet; ++i) {
            tables.back().push_back(1 + random.below(kMost));
        }
        for (const auto& frequencies : tables) {
            const Table table = table_of(frequencies);
            check_table(table, random_symbols(table, 2000, random));
            for (const std::size_t symbol : {std::size_t{0}, alphabet / 2, alphabet - 1}) {
                check_table(table, std::vector<std::size_t>(300, symbol));
            }
        }
    }
}

TEST_CASE("range coder: tables that change with every symbol, totals up to the largest") {
    Random random(2);
    RangeEncoder encoder;
    std::vector<Interval> intervals;
    double ideal = 0;
    for (int i = 0; i < 20000; ++i) {
        const std::uint64_t total = 1 + random.below(std::uint64_t{1} << (1 + random.below(40)));
        const std::uint64_t start = random.below(total);
        const std::uint64_t size =
            1 + random.below(std::min<std::uint64_t>(total - start, 1 << random.below(25)));
        intervals.push_back({start, size, total});
        encoder.encode(intervals.back());
        ideal += std::log2(static_cast<double>(total)) - std::log2(static_cast<double>(size));
    }
    const Bytes code = encoder.finish();
    CHECK(8.0 * static_cast<double>(code.size()) < ideal + 20000 * 2.3e-5 + 8 + 1e-6);
    RangeDecoder decoder(code);
    for (const Interval& part : intervals) {
        const std::uint64_t target = decoder.target(part.total);
        REQUIRE(target >= part.start);
        REQUIRE(target < part.start + part.size);
        decoder.accept(part);
    }
    CHECK(decoder.position() <= code.size());
}

TEST_CASE("range coder: a carry runs through a long chain of bytes") {
    // Intervals that hold one half, on both sides, ever closer; the last one decides on which side the code
    // ends. `half` and `range` follow the coder's state: where one half lies above low, and the width.
    for (const bool above : {false, true}) {
        constexpr std::uint64_t kTotal = 1 << 20;
        std::uint64_t half = std::uint64_t{1} << 63;
        std::uint64_t range = ~std::uint64_t{0};
        RangeEncoder encoder;
        std::vector<Interval> intervals;
        for (int step = 0; step <= 100; ++step) {
            const std::uint64_t share = range / kTotal;
            const std::uint64_t cell = half / share;
            REQUIRE(cell >= 1);
            REQUIRE(cell + 2 < kTotal);
            const bool last = step == 100;
            intervals.push_back({last && above ? cell + 1 : cell - 1, last ? 1u : 3u, kTotal});
            encoder.encode(intervals.back());
            half -= share * intervals.back().start;
            for (range = share * intervals.back().size; range < std::uint64_t{1} << 56; range <<= 8) {
                half <<= 8;
            }
        }
        const Bytes code = encoder.finish();
        REQUIRE(code.size() > 200);
        CHECK(code[0] == (above ? 0x80 : 0x7F));
        for (std::size_t i = 1; i < 200; ++i) {
            REQUIRE(code[i] == (above ? 0x00 : 0xFF));
        }
        RangeDecoder decoder(code);
        for (const Interval& part : intervals) {
            const std::uint64_t target = decoder.target(part.total);
            REQUIRE(target >= part.start);
            REQUIRE(target < part.start + part.size);
            decoder.accept(part);
        }
    }
}

TEST_CASE("range coder: no shorter code exists") {
    Random random(3);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::uint64_t> frequencies;
        for (std::uint64_t i = 0; i < 2 + random.below(4); ++i) {
            frequencies.push_back(1 + random.below(100));
        }
        const Table table = table_of(frequencies);
        const auto symbols = random_symbols(table, 1 + random.below(6), random);
        const Bytes code = encode(table, symbols);
        if (code.empty() || code.size() > 2) {
            continue;
        }
        CHECK(decode(table, {}, symbols.size()) != symbols);
        for (int byte = 0; code.size() == 2 && byte < 256; ++byte) {
            const Bytes shorter{static_cast<std::uint8_t>(byte)};
            REQUIRE(decode(table, shorter, symbols.size()) != symbols);
        }
    }
}

TEST_CASE("range coder: any bytes decode to some symbols of the table") {
    Random random(4);
    const Table table = table_of({1, kMost, 1, 12345, kMost});
    for (int round = 0; round < 200; ++round) {
        Bytes code(random.below(40), static_cast<std::uint8_t>(round < 50 ? 255 : 0));
        for (std::uint8_t& byte : code) {
            byte = round < 50 ? byte : static_cast<std::uint8_t>(random.next());
        }
        for (const std::size_t symbol : decode(table, code, 500)) {
            REQUIRE(symbol < 5);
        }
    }
}

TEST_CASE("range coder: binary decisions of every precision have the bytes of their intervals") {
    struct Decision {
        std::uint32_t ones;
        unsigned bits;
        bool bit;
    };
    Random random(6);
    std::vector<Decision> decisions;
    for (int i = 0; i < 20'000; ++i) {
        const unsigned bits = 1 + static_cast<unsigned>(random.below(32));
        const std::uint64_t all = std::uint64_t{1} << bits;
        std::uint64_t ones = 1 + random.below(all - 1);
        if (i % 3 != 0) {
            ones = i % 3 == 1 ? 1 : all - 1;  // as uneven as it gets, mostly as expected
        }
        const bool bit = random.below(8) == 0 ? random.below(2) == 1 : ones > all / 2;
        decisions.push_back({static_cast<std::uint32_t>(ones), bits, bit});
    }
    const auto interval_of = [](const Decision& d) {
        const std::uint64_t all = std::uint64_t{1} << d.bits;
        return d.bit ? Interval{0, d.ones, all} : Interval{d.ones, all - d.ones, all};
    };
    RangeEncoder encoder;
    RangeEncoder by_intervals;
    for (const Decision& d : decisions) {
        encoder.encode_bit(d.ones, d.bits, d.bit);
        by_intervals.encode(interval_of(d));
    }
    const Bytes code = encoder.finish();
    CHECK(code == by_intervals.finish());
    CHECK(code.size() > 2000);
    RangeDecoder decoder(code);
    RangeDecoder other(code);
    std::size_t wrong = 0;
    for (const Decision& d : decisions) {
        wrong += decoder.decode_bit(d.ones, d.bits) != d.bit ? 1 : 0;
        wrong += (other.target(std::uint64_t{1} << d.bits) < d.ones) != d.bit ? 1 : 0;
        other.accept(interval_of(d));
    }
    CHECK(wrong == 0);
    CHECK(decoder.position() == other.position());
    for (const auto& [ones, bits] : {std::pair{0U, 8U}, {256U, 8U}, {1U, 0U}, {1U, 33U}}) {
        CHECK_THROWS_AS(encoder.encode_bit(ones, bits, true), Error);
        CHECK_THROWS_AS((void)decoder.decode_bit(ones, bits), Error);
    }
}

TEST_CASE("range coder: an encoder serves one stream after the other; impossible intervals are refused") {
    RangeEncoder encoder;
    encoder.encode({5, 1, 10});
    const Bytes first = encoder.finish();
    encoder.encode({5, 1, 10});
    CHECK(encoder.finish() == first);
    CHECK_THROWS_AS(encoder.encode({5, 0, 10}), Error);
    CHECK_THROWS_AS(encoder.encode({5, 6, 10}), Error);
    CHECK_THROWS_AS(encoder.encode({0, 1, kMaxTotal + 1}), Error);
    CHECK_THROWS_AS(encoder.encode({~std::uint64_t{0}, 1, 10}), Error);
    CHECK_THROWS_AS((void)RangeDecoder({}).target(0), Error);
}
