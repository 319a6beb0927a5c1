#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/symbols/tokenizer.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;

namespace {

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// Symbol 0 without bytes, then these; "" is special.
std::vector<Bytes> tokens_of(const std::vector<std::string>& texts) {
    std::vector<Bytes> tokens(1);
    for (const std::string& text : texts) {
        tokens.push_back(bytes_of(text));
    }
    return tokens;
}

using Texts = std::vector<std::string>;

/// What a text is cut into; "?" is an escape.
Texts cut_into(const Vocabulary& vocabulary, const std::string& text) {
    const Tokenizer tokenizer(std::make_shared<const Vocabulary>(vocabulary));
    Texts pieces;
    for (const Symbol symbol : tokenizer.encode(tokenizer.with_space(bytes_of(text)))) {
        const ByteSpan bytes = vocabulary.bytes(symbol);
        pieces.push_back(bytes.empty() ? "?" : std::string(bytes.begin(), bytes.end()));
    }
    return pieces;
}

Texts pieces_of(const std::string& text, TextCut cut) {
    Texts pieces;
    const Bytes bytes = bytes_of(text);
    for (std::size_t begin = 0; begin < bytes.size();) {
        const std::size_t end = piece_end(bytes, begin, cut);
        REQUIRE(end > begin);
        pieces.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return pieces;
}

}  // namespace

TEST_CASE("neighbours join by rank, the leftmost first, until none joins") {
    const Texts texts{"", "a", "b", "c", "ab", "bc", "abc", "cab", "aa"};
    const Vocabulary by_number(tokens_of(texts), TextCut::none, false, {}, {});
    CHECK(cut_into(by_number, "abc") == Texts{"abc"});  // ab before bc, then ab + c
    CHECK(cut_into(by_number, "aaa") == Texts{"aa", "a"});
    CHECK(cut_into(by_number, "bcab") == Texts{"bc", "ab"});
    CHECK(cut_into(by_number, "ccab") == Texts{"c", "cab"});
    // bc has the smaller rank now, and a + bc gives abc too.
    const Vocabulary ranked(tokens_of(texts), TextCut::none, false, {9, 9, 9, 9, 9, 2, 1, 3, 4, 5}, {});
    CHECK(cut_into(ranked, "bcab") == Texts{"bc", "ab"});
    CHECK(cut_into(ranked, "xaby") == Texts{"?", "ab", "?"});
    CHECK(cut_into(Vocabulary(tokens_of(texts), TextCut::none, true, {}, {}), "ab") == Texts{"?", "ab"});
}

TEST_CASE("listed merges join nothing else") {
    const Texts texts{"", "a", "b", "c", "ab", "bc", "abc"};
    const Vocabulary vocabulary(tokens_of(texts), TextCut::none, false, {}, {{3, 4}, {2, 6}});  // b c, a bc
    CHECK(cut_into(vocabulary, "ab") == Texts{"a", "b"});
    CHECK(cut_into(vocabulary, "abcab") == Texts{"abc", "a", "b"});
}

TEST_CASE("a character is taken whole where it is a token, and of equal tokens the last one") {
    const Vocabulary vocabulary(tokens_of({"", "\xC3", "\xA9", "\xC3\xA9", "x", "x"}), TextCut::none, false,
                                {}, {});
    CHECK(cut_into(vocabulary, "\xC3\xA9\xC3") == Texts{"\xC3\xA9", "\xC3"});
    const Tokenizer tokenizer(std::make_shared<const Vocabulary>(vocabulary));
    CHECK(tokenizer.encode(bytes_of("x")) == std::vector<Symbol>{6});
}

TEST_CASE("text is cut as GPT-2 and Llama 3 cut it") {
    CHECK(pieces_of("It's 1234  new\n\nlines, yes", TextCut::words) ==
          Texts{"It", "'s", " 1234", " ", " new", "\n", "\n", "lines", ",", " yes"});
    CHECK(pieces_of("a12", TextCut::digits) == Texts{"a", "1", "2"});
    CHECK(pieces_of("(word) 1234;\n\n x", TextCut::triples) ==
          Texts{"(word", ")", " ", "123", "4", ";\n\n", " x"});
    CHECK(pieces_of("na\xC3\xAFve x", TextCut::words) == Texts{"na\xC3\xAFve", " x"});
    const std::string blanks(40'000, ' ');
    CHECK(pieces_of(blanks, TextCut::none).size() == 3);
    CHECK(pieces_of(std::string(20'000, 'a') + " b", TextCut::none).front().size() == 16'384);
}

TEST_CASE("any bytes are covered by their symbols") {
    Random random(5);
    for (const TextCut cut : {TextCut::none, TextCut::words, TextCut::digits, TextCut::triples}) {
        const Vocabulary vocabulary(tokens_of({"", "a", " ", "1", " a", "aa", "11", "'s"}), cut, true, {},
                                    {});
        const Tokenizer tokenizer(std::make_shared<const Vocabulary>(vocabulary));
        for (std::size_t length = 0; length < 300; ++length) {
            Bytes text(length);
            for (std::uint8_t& byte : text) {
                constexpr const char* kBytes = "aa  1'sn\n\r\xC3(";
                byte = static_cast<std::uint8_t>(kBytes[random.below(12)]);
            }
            const Bytes given = tokenizer.with_space(text);
            Bytes spelt;
            for (const Symbol symbol : tokenizer.encode(given)) {
                const ByteSpan bytes = vocabulary.bytes(symbol);
                spelt.insert(spelt.end(), bytes.begin(), bytes.end());
                if (bytes.empty()) {
                    CHECK(symbol == vocabulary.escape());
                    spelt.push_back(given[spelt.size()]);
                }
            }
            CHECK(spelt == given);
        }
    }
}

TEST_CASE("a vocabulary comes back from its bytes, and damaged bytes are refused") {
    const std::vector<Bytes> tokens = tokens_of({"a", "b", "", "ab"});
    for (const Vocabulary& vocabulary : {Vocabulary(tokens, TextCut::words, true, {5, 4, 3, 2, 1}, {}),
                                         Vocabulary(tokens, TextCut::none, false, {}, {{1, 2}})}) {
        const Bytes bytes = vocabulary.encode();
        const Vocabulary back = Vocabulary::decode(bytes, "it");
        CHECK(back.encode() == bytes);
        CHECK(back.size() == 5);
        CHECK(back.escape() == 3);
        CHECK(back.cut() == vocabulary.cut());
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            CHECK_THROWS_AS((void)Vocabulary::decode(ByteSpan(bytes).first(length), "it"), Error);
        }
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            for (const int value : {0x00, 0x7F, 0x80, 0xFF}) {
                Bytes damaged = bytes;
                damaged[at] = static_cast<std::uint8_t>(value);
                try {
                    const Bytes again = Vocabulary::decode(damaged, "it").encode();
                    CHECK(again == damaged);
                } catch (const Error&) {
                }
            }
        }
    }
}

TEST_CASE("vocabularies that cannot be are refused") {
    const auto refused = [](const std::vector<Bytes>& tokens, std::vector<std::uint32_t> ranks,
                            std::vector<Merge> merges, const char* what) {
        CHECK(test::holds(
            test::message_of<Error>([&] { (void)Vocabulary(tokens, TextCut::none, false, ranks, merges); }),
            what));
    };
    refused({{}}, {}, {}, "1 tokens");
    refused(tokens_of({std::string(1025, 'a')}), {}, {}, "1025 bytes");
    refused({bytes_of("a"), {}}, {}, {}, "symbol 0");
    refused(tokens_of({"a"}), {1}, {}, "ranks");
    refused(tokens_of({"a", "aa"}), {0, 1, 2}, {{1, 1}}, "merges and ranks");
    refused(tokens_of({"a", "b"}), {}, {{1, 2}}, "join to no token");
    refused(tokens_of({"a", "aa"}), {}, {{1, 9}}, "no tokens");
    refused(tokens_of({"a", "aa"}), {}, {{0, 1}}, "no tokens");
}
