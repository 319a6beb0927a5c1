#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/symbols/alphabet.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;
using bitlaw::test::holds;
using bitlaw::test::message_of;

TEST_CASE("alphabet: every byte is a symbol and comes back") {
    Bytes bytes(256);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    for (const std::uint32_t size : {256U, 257U, 65'536U, 100'000U}) {
        const Alphabet alphabet(size);
        CHECK(alphabet.size() == size);
        CHECK(alphabet.first_foreign(bytes) == bytes.size());
        std::vector<Symbol> symbols(bytes.size());
        alphabet.encode(bytes, symbols);
        CHECK(std::equal(bytes.begin(), bytes.end(), symbols.begin()));
        Bytes back(bytes.size());
        alphabet.decode(symbols, back);
        CHECK(back == bytes);
    }
}

TEST_CASE("alphabet: bytes without a symbol are found, symbols without a byte refused") {
    const Bytes bytes{0, 3, 4, 1, 255};
    CHECK(Alphabet(4).first_foreign(bytes) == 2);
    CHECK(Alphabet(5).first_foreign(bytes) == 4);
    CHECK(Alphabet(2).first_foreign({}) == 0);

    Bytes back(1);
    const auto refused = [&](std::uint32_t size, Symbol symbol) {
        return message_of<Error>([&] { Alphabet(size).decode({&symbol, 1}, back); });
    };
    CHECK(refused(256, 255).empty());
    CHECK(holds(refused(4, 4), "symbol 4 of an alphabet of 4"));
    CHECK(holds(refused(300, 256), "stands for no byte"));
    CHECK(holds(refused(100'000, 65'536 + 7), "symbol 65543"));  // not cut to 16 or 8 bits
}
