#include <doctest/doctest.h>

#include <fstream>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/train/corpus.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;
using namespace bitlaw::train;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::write_text;

namespace {

std::string text_of_range(const Corpus& corpus, std::size_t range) {
    return {corpus.bytes(range).begin(), corpus.bytes(range).end()};
}

}  // namespace

TEST_CASE("a range is parsed with either side left out") {
    const DataRange whole = parse_range("some/file");
    CHECK(whole.path == "some/file");
    CHECK(whole.begin == 0);
    CHECK(whole.end == DataRange::kToTheEnd);
    const DataRange both = parse_range("a@b@1K:2M");
    CHECK(both.path == "a@b");
    CHECK(both.begin == 1000);
    CHECK(both.end == 2'000'000);
    CHECK(parse_range("f@:5").begin == 0);
    CHECK(parse_range("f@:5").end == 5);
    CHECK(parse_range("f@7:").begin == 7);
    CHECK(parse_range("f@7:").end == DataRange::kToTheEnd);
}

TEST_CASE("text behind an @ that is no range is a usage error, unless a file has that name") {
    CHECK(holds(message_of<UsageError>([] { (void)parse_range("name@host"); }), "file@begin:end"));
    CHECK(holds(message_of<UsageError>([] { (void)parse_range("name@x:3"); }),
                "the range of 'name@x:3': 'x' is not a size"));
    const TemporaryFolder folder;
    const std::string name = (folder / "odd@1:2").string();
    write_text(name, "whole");
    CHECK(parse_range(name).path == name);
    CHECK(text_of_range(Corpus({name}), 0) == "whole");
    CHECK(text_of_range(Corpus({name + "@1:3"}), 0) == "ho");
}

TEST_CASE("a corpus maps ranges and knows them by name, place and hash") {
    const TemporaryFolder folder;
    write_text(folder / "a.txt", "0123456789");
    const std::string a = (folder / "a.txt").string();
    const Corpus corpus({a, a + "@2:5", a + "@8:"});
    REQUIRE(corpus.ranges() == 3);
    CHECK(text_of_range(corpus, 1) == "234");
    CHECK(text_of_range(corpus, 2) == "89");
    CHECK(corpus.sources()[1].name == "a.txt");
    CHECK(corpus.sources()[1].begin == 2);
    CHECK(corpus.sources()[1].bytes == 3);
    CHECK(corpus.sources()[1].hash == hash64(corpus.bytes(1)));
    CHECK(corpus.sources()[0].hash != corpus.sources()[1].hash);
    CHECK(holds(message_of<UsageError>([&] { const Corpus c({a + "@2:11"}); }), "has 10 bytes"));
    CHECK(holds(message_of<UsageError>([&] { const Corpus c({a + "@5:2"}); }), "has 10 bytes"));
    CHECK(holds(message_of<Error>([&] { const Corpus c({a + "x"}); }), "a.txtx"));
}

TEST_CASE("too little data and symbols outside the alphabet are named") {
    const TemporaryFolder folder;
    write_text(folder / "a.txt", "abcabcabc");
    const std::string a = (folder / "a.txt").string();
    const Corpus corpus({a, a + "@1:"});
    CHECK_NOTHROW(corpus.require_length(8));
    const std::string length = message_of<Error>([&] { corpus.require_length(9); });
    CHECK(holds(length, "at least 9"));
    CHECK(holds(length, "has 8 bytes"));
    CHECK_NOTHROW(corpus.require_alphabet('c' + 1));
    const std::string alphabet = message_of<Error>([&] { corpus.require_alphabet('c'); });
    CHECK(holds(alphabet, "byte 2 of"));
    CHECK(holds(alphabet, "is 99"));
    const Corpus second({a + "@1:"});
    CHECK(holds(message_of<Error>([&] { second.require_alphabet('c'); }), "byte 2 of"));
}

TEST_CASE("the first sequences come from the ranges in turn, whole ones only") {
    const TemporaryFolder folder;
    write_text(folder / "a.txt", "abcdefg");
    write_text(folder / "b.txt", "hijklmnop");
    const Corpus corpus({(folder / "a.txt").string(), (folder / "b.txt").string()});
    const auto text = [&](std::uint64_t most) {
        const std::vector<Symbol> symbols = first_sequences(corpus, 3, most);
        return std::string(symbols.begin(), symbols.end());
    };
    CHECK(text(100) == "abcdefhijklmnop");
    CHECK(text(11) == "abcdefhij");
    CHECK(text(6) == "abcdef");
    CHECK(text(1) == "abc");
}

TEST_CASE("a corpus knows whether its bytes are still those that were hashed") {
    const TemporaryFolder folder;
    write_text(folder / "a", std::string(5000, 'a'));
    const Corpus corpus({(folder / "a").string() + "@1000:2000"});
    for (const LookAgain look : {LookAgain::where_touched, LookAgain::everywhere}) {
        CHECK_NOTHROW(corpus.require_unchanged(look));
    }
    const auto change = [&](std::streamoff place, char byte) {
        std::fstream file(folder / "a", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(place);
        file.put(byte);
    };
    change(10, 'b');  // outside of the range
    CHECK_NOTHROW(corpus.require_unchanged(LookAgain::everywhere));
    change(1500, 'b');
    CHECK(holds(message_of<Error>([&] { corpus.require_unchanged(LookAgain::everywhere); }),
                "a was changed while it was read"));
    change(1500, 'a');
    CHECK_NOTHROW(corpus.require_unchanged(LookAgain::everywhere));
    // Another file in its place leaves the mapped one as it was.
    write_text(folder / "a", std::string(5000, 'c'));
    CHECK_NOTHROW(corpus.require_unchanged(LookAgain::everywhere));
}
