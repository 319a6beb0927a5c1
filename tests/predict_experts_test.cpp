#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/experts/bitmap.hpp"
#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/experts/direct.hpp"
#include "bitlaw/predict/experts/external.hpp"
#include "bitlaw/predict/experts/indirect.hpp"
#include "bitlaw/predict/experts/lines.hpp"
#include "bitlaw/predict/experts/match.hpp"
#include "bitlaw/predict/experts/orders.hpp"
#include "bitlaw/predict/experts/records.hpp"
#include "bitlaw/predict/experts/sparse.hpp"
#include "bitlaw/predict/experts/words.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"

using namespace bitlaw;
using namespace bitlaw::predict;

namespace {

// One stream that is read byte by byte.
class Reader {
   public:
    explicit Reader(std::size_t size = 1 << 16) : history_(size), past_{&history_, 1, 1, 0} {}
    void read(std::uint8_t byte) {
        history_.set(past_.place++, byte);
        past_.last = past_.last << 8 | byte;
    }
    [[nodiscard]] const Past& past() const { return past_; }

   private:
    History history_;
    Past past_;
};

// What a context list makes after a text.
using AddContexts = std::function<void(const Past&, ContextList&)>;
std::vector<std::uint64_t> contexts_after(const std::string& text, const AddContexts& add) {
    Reader reader;
    for (const char c : text) {
        reader.read(static_cast<std::uint8_t>(c));
    }
    ContextList list;
    add(reader.past(), list);
    std::vector<std::uint64_t> hashes;
    for (std::size_t i = 0; i < list.size(); ++i) {
        hashes.push_back(list.hash(i));
    }
    return hashes;
}

// Which of the contexts two texts share, as bits.
unsigned shared(const std::string& one, const std::string& other, const AddContexts& add) {
    const std::vector<std::uint64_t> a = contexts_after(one, add);
    const std::vector<std::uint64_t> b = contexts_after(other, add);
    unsigned bits = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        bits |= a[i] == b[i] ? 1U << i : 0U;
    }
    return bits;
}

std::vector<std::uint64_t> word_contexts(const std::string& text) {
    Words words;
    return contexts_after(text, [&](const Past& past, ContextList& list) {
        for (const char c : text) {
            words.accept(static_cast<std::uint8_t>(c));
        }
        words.add_contexts(past, 0, true, list);
    });
}

std::vector<std::uint64_t> line_contexts(const std::string& text) {
    Reader reader;
    Lines lines;
    Words words;
    for (const char c : text) {
        reader.read(static_cast<std::uint8_t>(c));
        words.accept(static_cast<std::uint8_t>(c));
        lines.accept(reader.past());
    }
    ContextList list;
    lines.add_contexts(reader.past(), 0, words.word(), list);
    std::vector<std::uint64_t> hashes;
    for (std::size_t i = 0; i < list.size(); ++i) {
        hashes.push_back(list.hash(i));
    }
    return hashes;
}

}  // namespace

TEST_CASE("contexts: equal values of different numbers differ") {
    ContextList list;
    list.add(3, 77);
    list.add(4, 77);
    list.add(3, 77);
    CHECK(list.hash(0) != list.hash(1));
    CHECK(list.hash(0) == list.hash(2));
    CHECK(int{list.id(1)} == 4);
}

TEST_CASE("contexts: a stream's own ones are no other stream's, and stream 0 has the shared ones") {
    std::vector<std::uint64_t> shared;
    std::vector<std::uint64_t> own;
    for (const std::size_t stream : {0, 1, 2}) {
        ContextList list;
        list.set_stream(stream);
        list.add(3, 77);
        list.add_own(3, 77);
        shared.push_back(list.hash(0));
        own.push_back(list.hash(1));
    }
    CHECK(shared[0] == shared[1]);
    CHECK(shared[0] == shared[2]);
    CHECK(own[0] == shared[0]);
    CHECK(own[1] != own[0]);
    CHECK(own[2] != own[0]);
    CHECK(own[2] != own[1]);
}

TEST_CASE("expert orders: as many bytes as the order says") {
    const AddContexts add = [](const Past& past, ContextList& list) {
        add_orders(past, 0, 0b10101, 1, list);
    };
    CHECK(contexts_after("abcdef", add).size() == 3);
    CHECK(shared("xxxxxf", "yyyyyf", add) == 0b001);
    CHECK(shared("xxxdef", "yyydef", add) == 0b011);
    CHECK(shared("xbcdef", "ybcdef", add) == 0b111);
    CHECK(shared("abcdeg", "abcdef", add) == 0);
}

TEST_CASE("expert sparse: the newest bytes may differ") {
    const AddContexts add = [](const Past& past, ContextList& list) { add_sparse(past, 0, true, list); };
    CHECK(shared("abcdx", "abcdy", add) == 0b11101);
    CHECK(shared("abcxd", "abcyd", add) == 0b11010);
    CHECK(shared("pqrs", "`a`a", add) == 0);
    CHECK(shared("pqrs", "qrst", add) == 0b10000);
}

TEST_CASE("expert words: letters count, small and large alike; gaps end a word") {
    CHECK(word_contexts("so the cat")[0] == word_contexts("So The CAt")[0]);
    CHECK(word_contexts("the cat") != word_contexts("the dog"));
    CHECK(word_contexts("one two thr")[1] == word_contexts("six two thr")[1]);
    CHECK(word_contexts("one two thr")[2] != word_contexts("six two thr")[2]);
    CHECK(word_contexts("one two thr")[2] == word_contexts("one six thr")[2]);
    CHECK(word_contexts("one two thr")[3] != word_contexts("one six thr")[3]);
    CHECK(word_contexts("one two, thr")[1] == word_contexts("one two; thr")[1]);
    CHECK(word_contexts("one two, thr")[4] != word_contexts("one two; thr")[4]);
}

TEST_CASE("expert lines: what stands above, how the line began, the open tag") {
    CHECK(line_contexts("abcdef\nab")[0] == line_contexts("xycpqr\nuv")[0]);
    CHECK(line_contexts("abcdef\nab")[0] != line_contexts("abxdef\nab")[0]);
    CHECK(line_contexts("x\nqqwalk the d")[1] == line_contexts("y\nqqrun a d")[1]);
    CHECK(line_contexts("x\nqqwalk the d")[1] != line_contexts("y\npqrun a d")[1]);
    CHECK(line_contexts("Tree 12.")[2] == line_contexts("Five 34.")[2]);
    CHECK(line_contexts("Tree 12.")[2] != line_contexts("Five 3x.")[2]);
    CHECK(line_contexts("<a><b>one</b>w")[3] == line_contexts("<a><b>two six</b>w")[3]);
    CHECK(line_contexts("<a><b>one</b>w")[3] != line_contexts("<c><b>one</b>w")[3]);
    CHECK(line_contexts("<a><b>one w")[3] != line_contexts("<a>w")[3]);
    CHECK(line_contexts("<a><b />w")[3] == line_contexts("<a><c />w")[3]);
    // Hostile nesting.
    std::string deep;
    for (int i = 0; i < 1000; ++i) {
        deep += "<t" + std::to_string(i) + ">";
    }
    for (int i = 0; i < 2000; ++i) {
        deep += "</>";
    }
    CHECK(line_contexts(deep + "w")[3] == line_contexts("w")[3]);
}

TEST_CASE("expert records: a column and what stands above it") {
    const auto at = [](std::uint32_t width) {
        return [width](const Past& past, ContextList& list) { add_records(past, 0, width, list); };
    };
    // Columns 1 and 2 of width 4; above stands c.
    CHECK((shared("abcdpq", "xxcxyz", at(4)) & 1) != 0);
    CHECK((shared("abcdpq", "xxdxyz", at(4)) & 1) == 0);
    CHECK((shared("abcdefghpq", "xxgxyz", at(4)) & 1) != 0);
    CHECK((shared("abcdefpq", "abcdefg", at(5)) & 1) == 0);
    CHECK(contexts_after("a", at(1)).size() == 8);
    CHECK(contexts_after("", at(60000)).size() == 8);
}

TEST_CASE("expert indirect: what followed the last time") {
    Reader reader;
    Indirect indirect;
    const auto after = [&](const std::string& text) {
        for (const char c : text) {
            reader.read(static_cast<std::uint8_t>(c));
            indirect.accept(reader.past());
        }
        ContextList list;
        indirect.add_contexts(reader.past(), 0, list);
        return std::vector<std::uint64_t>{list.hash(0), list.hash(1)};
    };
    const std::vector<std::uint64_t> first = after("qa1 qa2 qa");
    CHECK(after("3 zz 1.qa1.qa2.qa")[0] == first[0]);
    CHECK(after("9 qa")[0] != first[0]);
}

TEST_CASE("expert match: the most recent place that agrees, and its true length") {
    Random random(8);
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 3000; ++i) {
        const bool copies = i > 100 && random.below(3) == 0;
        const std::size_t from = copies ? random.below(bytes.size() - 60) : 0;
        const std::size_t length = copies ? 10 + random.below(50) : 1;
        for (std::size_t k = 0; k < length; ++k) {
            bytes.push_back(copies ? bytes[from + k] : static_cast<std::uint8_t>(random.below(256)));
        }
    }
    constexpr unsigned kLength = 5;
    Reader reader(1 << 17);
    MatchFinder finder(1 << 17, kLength);
    Match match;
    std::size_t found = 0;
    std::size_t wrong = 0;
    std::size_t right = 0;
    std::vector<std::uint8_t> seen;
    for (const std::uint8_t byte : bytes) {
        finder.look(match, reader.past());
        if (match.length() > 0) {
            ++found;
            right += match.expected() == byte ? 1 : 0;
            // Some place must hold such bytes and then the expected one.
            bool holds = false;
            const std::size_t length = std::min<std::size_t>(match.length(), 32);
            for (std::size_t end = length; end < seen.size() && !holds; ++end) {
                holds = seen[end] == match.expected() &&
                        std::equal(seen.end() - static_cast<std::ptrdiff_t>(length), seen.end(),
                                   seen.begin() + static_cast<std::ptrdiff_t>(end - length));
            }
            wrong += holds ? 0 : 1;
        }
        reader.read(byte);
        seen.push_back(byte);
        finder.accept(match, reader.past());
    }
    CHECK(wrong == 0);
    CHECK(found > 20000);
    CHECK(right > found * 8 / 10);
}

TEST_CASE("expert match: a stream's own match does not see what other streams noted") {
    for (const bool own : {false, true}) {
        Reader first;
        MatchFinder finder(1 << 10, 4);
        Match match;
        match.set_stream(own ? 1 : 0);
        for (const char c : std::string("a phrase that comes again")) {
            finder.look(match, first.past());
            first.read(static_cast<std::uint8_t>(c));
            finder.accept(match, first.past());
        }
        finder.look(match, first.past());
        for (const std::size_t stream : {1, 2}) {
            Match other;
            other.set_stream(own ? stream : 0);
            finder.accept(other, first.past());
            finder.look(other, first.past());
            // What was noted last is the phrase's end, where all of them are now.
            CHECK((other.length() > 0) == (!own || stream == 1));
        }
    }
}

TEST_CASE("expert match: long matches are believed, and a wrong bit silences it") {
    Reader reader;
    MatchFinder finder(1 << 10, 4);
    Match match;
    Mixer mixer({16, {1}, 1, 65536});
    for (int i = 0; i < 4000; ++i) {
        finder.look(match, reader.past());
        const auto byte = static_cast<std::uint8_t>("repeated"[i % 8]);
        for (std::uint32_t node = 1; node < 256;) {
            const int bit = byte >> (7 - (std::bit_width(node) - 1)) & 1;
            const std::uint32_t state = finder.predict(match, node, mixer, 0);
            if (i > 20) {
                CHECK((state & 1) == static_cast<std::uint32_t>(bit));
            }
            if (i > 2500 && i < 3000) {
                CHECK(std::abs(mixer.inputs()[0] >> 16) > 7 * 256);  // seven bits and more
            }
            finder.accept_bit(bit);
            node = node * 2 + static_cast<std::uint32_t>(bit);
        }
        reader.read(byte);
        finder.accept(match, reader.past());
    }
    finder.look(match, reader.past());
    const auto other = static_cast<std::uint32_t>(~match.expected() >> 7 & 1);
    CHECK(finder.predict(match, 2 + other, mixer, 0) == 0);
    CHECK(mixer.inputs()[0] == 0);
}

TEST_CASE("expert bitmap: a picture whose bits follow their neighbours above") {
    constexpr std::uint32_t kWidth = 6;  // bytes of a row
    Random random(2);
    Reader reader;
    Bitmap bitmap;
    Mixer mixer({16, {1}, 1, 65536});
    std::vector<int> above(8 * kWidth);
    std::generate(above.begin(), above.end(), [&] { return static_cast<int>(random.below(2)); });
    double cost = 0;
    int counted_bits = 0;
    for (int row = 0; row < 400; ++row) {
        std::vector<int> bits(8 * kWidth);
        for (std::size_t column = 0; column < bits.size(); ++column) {
            // The exclusive or of the bits above, to its left and to its right.
            const int left = column > 0 ? above[column - 1] : 0;
            const int right = column + 1 < bits.size() ? above[column + 1] : 0;
            bits[column] = left ^ right ^ (random.below(50) == 0 ? 1 : 0);
        }
        for (std::uint32_t byte = 0; byte < kWidth; ++byte) {
            std::uint32_t node = 1;
            for (std::size_t i = 0; i < 8; ++i) {
                const int bit = bits[8 * byte + i];
                bitmap.predict(reader.past(), kWidth, node, mixer, 0);
                const double odds = (mixer.inputs()[0] >> 16) / 256.0;
                if (row > 200 && byte > 0 && byte + 1 < kWidth) {
                    cost += std::log2(1 + std::exp2(bit != 0 ? -odds : odds));
                    ++counted_bits;
                }
                bitmap.accept(bit);
                node = node * 2 + static_cast<std::uint32_t>(bit);
            }
            reader.read(static_cast<std::uint8_t>(node));
        }
        above = bits;
    }
    CHECK(cost / counted_bits < 0.35);  // the noise alone takes 0.14
}

TEST_CASE("expert direct: the shares of bits after the same bytes, at every order") {
    Reader reader;
    Direct direct(1 << 12, 1 << 20);
    CHECK(direct.bytes() <= (1 << 20) + (1 << 19));
    Mixer mixer({16, {1}, 1, 65536});
    for (int i = 0; i < 4000; ++i) {
        const auto byte = static_cast<std::uint8_t>("abcabd"[i % 6]);
        std::uint32_t node = 1;
        std::uint32_t path = 1;
        for (int k = 7; k >= 0; --k) {
            const int bit = byte >> k & 1;
            if (path == 1) {
                direct.find(reader.past(), node == 1 ? 0 : node);
            }
            direct.predict(reader.past(), node, path, mixer, 0);
            const auto odds = [&](std::size_t input) {
                return (mixer.inputs()[input] >> 16) * (bit != 0 ? 1 : -1);
            };
            if (i > 3000) {
                CHECK(odds(5) > 4 * 256 - 1024 * (i % 6 % 3 == 2 && k < 3 ? 1 : 0) * 2);  // order 3
                if (i % 6 % 3 != 2) {
                    CHECK(odds(1) > 4 * 256);  // order 1 knows what follows c, d and a
                }
            }
            direct.accept(bit);
            node = node * 2 + static_cast<std::uint32_t>(bit);
            path = path * 2 + static_cast<std::uint32_t>(bit);
            path = node == (16U | (node & 15)) && path >= 16 ? 1 : path;
        }
        reader.read(byte);
    }
}

TEST_CASE("expert external: the odds of each bit are those of the distribution") {
    Random random(6);
    std::vector<std::uint32_t> frequencies(256);
    for (std::uint32_t& frequency : frequencies) {
        frequency = static_cast<std::uint32_t>(1 + (random.below(1 << 24) >> random.below(24)));
    }
    External external;
    Mixer mixer({16, {1}, 1, 65536});
    external.predict(1, mixer, 0);
    CHECK(mixer.inputs()[0] == 0);  // nothing was said yet
    external.set(frequencies);
    for (std::uint32_t node = 1; node < 256; ++node) {
        const auto depth = static_cast<unsigned>(std::bit_width(node) - 1);
        double ones = 0;
        double zeros = 0;
        for (std::uint32_t byte = 0; byte < 256; ++byte) {
            if ((byte | 256U) >> (8 - depth) == node) {
                ((byte >> (7 - depth) & 1) != 0 ? ones : zeros) += frequencies[byte];
            }
        }
        external.predict(node, mixer, 0);
        CHECK(std::abs((mixer.inputs()[0] >> 16) / 256.0 - std::log2(ones / zeros)) < 0.01);
        CHECK(std::abs(static_cast<double>(external.odds_class()) - 16.0 -
                       std::clamp(2 * std::log2(ones / zeros), -16.0, 15.0)) < 0.55);
        CHECK(std::abs((mixer.inputs()[1] >> 16) / 1024.0 - (ones / (ones + zeros) - 0.5)) < 0.01);
    }
    frequencies.assign(256, 1);
    frequencies[65] = 1U << 24;
    external.set(frequencies);
    CHECK(external.doubt() == 0);
    frequencies.assign(256, 1);
    external.set(frequencies);
    CHECK(external.doubt() == 7);
    external.set({});
    external.predict(1, mixer, 0);
    CHECK(mixer.inputs()[0] == 0);
}
