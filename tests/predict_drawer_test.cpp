#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/predict/drawer.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;
using namespace bitlaw::symbols;

namespace {

std::set<Symbol> drawn(const Likeliest& likeliest) {
    const std::vector<std::uint32_t> frequency{10, 500, 200, 90, 200};  // of 1000
    Drawer drawer(3, false, likeliest);
    std::set<Symbol> symbols;
    for (int i = 0; i < 2000; ++i) {
        symbols.insert(drawer.symbol(frequency, 0));
    }
    return symbols;
}

}  // namespace

TEST_CASE("only the likeliest symbols are drawn, of equal ones the first") {
    CHECK(drawn({}) == std::set<Symbol>{0, 1, 2, 3, 4});
    CHECK(drawn({.most = 1}) == std::set<Symbol>{1});
    CHECK(drawn({.most = 2}) == std::set<Symbol>{1, 2});
    CHECK(drawn({.most = 9}) == std::set<Symbol>{0, 1, 2, 3, 4});
    CHECK(drawn({.share = 0.001}) == std::set<Symbol>{1});
    CHECK(drawn({.share = 0.49}) == std::set<Symbol>{1});
    CHECK(drawn({.share = 0.51}) == std::set<Symbol>{1, 2});
    CHECK(drawn({.share = 0.95}) == std::set<Symbol>{1, 2, 3, 4});
    CHECK(drawn({.most = 3, .share = 0.95}) == std::set<Symbol>{1, 2, 4});
}

TEST_CASE("a seed gives the same symbols, whatever may be drawn, where all of them may") {
    const std::vector<std::uint32_t> frequency{1, 2, 3, 4};
    Drawer plain(7, false);
    Drawer all(7, false, {.most = 4, .share = 1.0});
    for (int i = 0; i < 100; ++i) {
        CHECK(plain.symbol(frequency, 0) == all.symbol(frequency, 0));
    }
}

TEST_CASE("a prompt's byte that the alphabet lacks is wrong use, and named") {
    const Bytes prompt{0, 1, 3, 2};
    CHECK_NOTHROW(require_in_alphabet(prompt, 4));
    CHECK_NOTHROW(require_in_alphabet({}, 1));
    CHECK(test::message_of<UsageError>([&] { require_in_alphabet(prompt, 3); }) ==
          "byte 3 of the prompt is not in the model's alphabet of 3");
}
