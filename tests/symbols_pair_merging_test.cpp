#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/symbols/pair_merging.hpp"
#include "bitlaw/symbols/tokenizer.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "support/message.hpp"
#include "support/threads.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;
using namespace bitlaw::test;

namespace {

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string text_of_symbol(const Vocabulary& vocabulary, Symbol symbol) {
    const ByteSpan bytes = vocabulary.bytes(symbol);
    return {bytes.begin(), bytes.end()};
}

Vocabulary trained(const Bytes& text, std::uint32_t size, TextCut cut = TextCut::words) {
    PieceCounts pieces(cut);
    pieces.add(text);
    return joined_vocabulary(pieces, size);
}

/// Counts all pairs of all pieces anew for every symbol.
std::vector<Merge> plain_merges(const Bytes& text, std::uint32_t size, TextCut cut) {
    std::vector<std::vector<Symbol>> pieces;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = piece_end(text, begin, cut);
        std::vector<Symbol>& piece = pieces.emplace_back();
        for (; begin < end; ++begin) {
            piece.push_back(1U + text[begin]);
        }
    }
    std::vector<std::string> tokens(257);
    for (int byte = 0; byte < 256; ++byte) {
        tokens[static_cast<std::size_t>(1 + byte)] = std::string(1, static_cast<char>(byte));
    }
    std::vector<Merge> merges;
    while (tokens.size() < size) {
        std::map<std::pair<Symbol, Symbol>, std::size_t> counts;  // ascending: the smallest symbols first
        for (const std::vector<Symbol>& piece : pieces) {
            for (std::size_t i = 0; i + 1 < piece.size(); ++i) {
                ++counts[{piece[i], piece[i + 1]}];
            }
        }
        std::pair<Symbol, Symbol> best;
        std::size_t most = 1;
        for (const auto& [pair, count] : counts) {
            const std::string joined = tokens[pair.first] + tokens[pair.second];
            if (count > most && joined.size() <= kMaxTokenBytes &&
                std::find(tokens.begin(), tokens.end(), joined) == tokens.end()) {
                most = count;
                best = pair;
            }
        }
        if (most == 1) {
            break;
        }
        const auto symbol = static_cast<Symbol>(tokens.size());
        tokens.push_back(tokens[best.first] + tokens[best.second]);
        merges.push_back({best.first, best.second});
        for (std::vector<Symbol>& piece : pieces) {
            std::vector<Symbol> next;
            for (std::size_t i = 0; i < piece.size(); ++i) {
                const bool joins =
                    i + 1 < piece.size() && piece[i] == best.first && piece[i + 1] == best.second;
                next.push_back(joins ? symbol : piece[i]);
                i += joins ? 1 : 0;
            }
            piece = next;
        }
    }
    return merges;
}

Bytes drawn_text(std::size_t count, const std::string& letters, std::uint64_t seed) {
    Random random(seed);
    Bytes text(count);
    for (std::uint8_t& byte : text) {
        byte = static_cast<std::uint8_t>(letters[random.below(letters.size())]);
    }
    return text;
}

std::vector<Merge> merges_of(const Vocabulary& vocabulary) {
    return {vocabulary.merges().begin(), vocabulary.merges().end()};
}

}  // namespace

TEST_CASE("joined pairs are those of a plain count of all pairs for every symbol") {
    const std::vector<std::string> alphabets{"aab ", "a ", "abcdefgh  ", "aaab'.1\n ", "xyzxyzxy\xC3\xA9 "};
    for (std::size_t i = 0; i < alphabets.size(); ++i) {
        for (const TextCut cut : {TextCut::words, TextCut::none, TextCut::triples}) {
            const Bytes text = drawn_text(3000, alphabets[i], i + 1);
            CAPTURE(i);
            const Vocabulary vocabulary = trained(text, 320, cut);
            CHECK(merges_of(vocabulary) == plain_merges(text, 320, cut));
            CHECK(vocabulary.is_joined());
        }
    }
    // Runs, in which pairs overlap.
    for (const std::size_t length : {2, 3, 4, 5, 7, 64, 4097}) {
        const Bytes text(length, 'a');
        CHECK(merges_of(trained(text, 300, TextCut::words)) == plain_merges(text, 300, TextCut::words));
    }
    Bytes any = drawn_text(2000, std::string("\0\1\xFF\xFE", 4), 9);
    CHECK(merges_of(trained(any, 300)) == plain_merges(any, 300, TextCut::words));
}

TEST_CASE("of equally frequent pairs the smaller symbols are joined first") {
    const Vocabulary vocabulary = trained(bytes_of("cdabcdab"), 259, TextCut::none);
    REQUIRE(vocabulary.size() == 259);
    CHECK(text_of_symbol(vocabulary, 257) == "ab");
    CHECK(text_of_symbol(vocabulary, 258) == "cd");
}

TEST_CASE("there are no more symbols than pairs that occur twice, and none twice") {
    CHECK(trained(bytes_of("abcdef"), 512).size() == kByteSymbols);
    CHECK(trained({}, 512).size() == kByteSymbols);
    CHECK(trained(bytes_of("abab"), 512, TextCut::none).size() == 258);  // ab; abab occurs once
    const Vocabulary vocabulary = trained(drawn_text(20'000, "abc ", 3), 1000);
    std::set<std::string> spelt;
    for (Symbol symbol = 1; symbol < vocabulary.size(); ++symbol) {
        CHECK(spelt.insert(text_of_symbol(vocabulary, symbol)).second);
    }
    const Vocabulary runs = trained(Bytes(100'000, 'x'), 300, TextCut::none);
    for (Symbol symbol = 1; symbol < runs.size(); ++symbol) {
        CHECK(runs.bytes(symbol).size() <= kMaxTokenBytes);
    }
}

TEST_CASE("what is joined spells any bytes, and the fewer tokens the more symbols") {
    const Bytes text = drawn_text(30'000, "the old sea and a stone ", 5);
    std::size_t before = text.size() + 1;
    for (const std::uint32_t size : {257, 300, 400, 600}) {
        const auto vocabulary = std::make_shared<const Vocabulary>(trained(text, size));
        const Tokenizer tokenizer(vocabulary);
        Random random(size);
        Bytes any(5000);
        for (std::uint8_t& byte : any) {
            byte = static_cast<std::uint8_t>(random.below(256));
        }
        for (const Bytes& bytes : {text, any, Bytes{}}) {
            Bytes back;
            for (const Symbol symbol : tokenizer.encode(bytes)) {
                REQUIRE(symbol != 0);
                const ByteSpan token = vocabulary->bytes(symbol);
                back.insert(back.end(), token.begin(), token.end());
            }
            CHECK(back == bytes);
        }
        CHECK(tokenizer.encode(text).size() < before);
        before = tokenizer.encode(text).size();
    }
}

TEST_CASE("blocks of data are encoded alike on any number of threads") {
    const Bytes text = drawn_text(3 * kEncodedBlock + 17, "the old sea and a stone ", 5);
    const Tokenizer tokenizer(
        std::make_shared<const Vocabulary>(trained({text.begin(), text.begin() + 50'000}, 500)));
    std::vector<Symbol> expected;
    for (std::size_t begin = 0; begin < text.size(); begin += kEncodedBlock) {
        const auto block =
            tokenizer.encode(ByteSpan(text).subspan(begin, std::min(kEncodedBlock, text.size() - begin)));
        expected.insert(expected.end(), block.begin(), block.end());
    }
    for (const std::size_t count : {1, 3}) {
        const Threads threads(count);
        CHECK(encode_blocks(tokenizer, text) == expected);
    }
    CHECK(encode_blocks(tokenizer, {}).empty());
}

TEST_CASE("the alphabet cut to the bytes that occur has an escape for the others") {
    std::array<bool, 256> occurs{};
    note_bytes(bytes_of("abca"), occurs);
    note_bytes(bytes_of("\xFFz"), occurs);
    const auto vocabulary = std::make_shared<const Vocabulary>(byte_vocabulary(occurs));
    CHECK(vocabulary->size() == 2 + 5);
    CHECK(vocabulary->escape() == 1);
    const Tokenizer tokenizer(vocabulary);
    CHECK(tokenizer.encode(bytes_of("az\xFF?")) == std::vector<Symbol>{2, 5, 6, 1});
    CHECK_THROWS_AS((void)byte_vocabulary({}), Error);
}

TEST_CASE("a vocabulary's file gives it back, and whatever is cut off or changed is refused") {
    std::array<bool, 256> occurs{};
    note_bytes(bytes_of("text"), occurs);
    for (const Vocabulary& vocabulary :
         {trained(drawn_text(5000, "the old sea ", 5), 300), byte_vocabulary(occurs)}) {
        const Bytes file = encode_vocabulary_file(vocabulary);
        const Vocabulary back = decode_vocabulary_file(file, "it");
        CHECK(back.encode() == vocabulary.encode());
        CHECK(vocabulary_id(back) == vocabulary_id(vocabulary));
        CHECK(merges_of(back) == merges_of(vocabulary));
        for (Symbol symbol = 0; symbol < vocabulary.size(); ++symbol) {
            CHECK(text_of_symbol(back, symbol) == text_of_symbol(vocabulary, symbol));
        }
        for (std::size_t size = 0; size < file.size(); ++size) {
            CHECK_THROWS_AS((void)decode_vocabulary_file(ByteSpan(file).first(size), "it"), Error);
        }
        for (std::size_t place = 0; place < file.size(); ++place) {
            Bytes changed = file;
            changed[place] ^= 0x10;
            CHECK_THROWS_AS((void)decode_vocabulary_file(changed, "it"), Error);
        }
        Bytes longer = file;
        longer.push_back(0);
        CHECK_THROWS_AS((void)decode_vocabulary_file(longer, "it"), Error);
    }
    CHECK(holds(message_of<Error>([] { (void)decode_vocabulary_file(Bytes(100, 'x'), "it"); }),
                "bitlaw tokenizer train"));
}

TEST_CASE("forged merges of a joined vocabulary are refused before they take memory") {
    const auto refused = [](const std::vector<std::uint64_t>& numbers, std::uint8_t flags = 8) {
        ByteWriter writer;
        writer.u8(1);
        writer.u8(flags);
        for (const std::uint64_t number : numbers) {
            writer.varint(number);
        }
        return message_of<Error>([&] { (void)Vocabulary::decode(writer.data(), "it"); });
    };
    CHECK(refused({1, 98, 99}) == "");
    CHECK(refused({1, 98, 99}, 9) == "");
    CHECK(holds(refused({1, 98, 99}, 12), "flags"));
    CHECK(holds(refused({1, 98, 99}, 10), "flags"));
    CHECK(holds(refused({1, 98, 257}), "no tokens"));
    CHECK(holds(refused({1, 0, 98}), "no tokens"));
    CHECK(holds(refused({0}), "has none"));
    CHECK(holds(refused({131'072, 98, 99}), "at most"));
    CHECK(holds(refused({100'000, 98, 99}), "too early"));
    // Each token twice as long as the one before it.
    std::vector<std::uint64_t> doubling{11, 98, 98};
    for (std::uint64_t symbol = 257; symbol < 267; ++symbol) {
        doubling.insert(doubling.end(), {symbol, symbol});
    }
    CHECK(holds(refused(doubling), "a token has at most"));
}
