#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/base/utf8.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

using Words = std::vector<std::string>;

// Names that someone has given to a file, and worse ones.
const Words kNames{"plain.txt",
                   "C#.txt",
                   "#1.txt",
                   "a b",
                   " leading and trailing ",
                   "it's",
                   "'quoted'",
                   "say \"x\\y\"",
                   "back\\slash",
                   "a\nb",
                   "a\r\nb\tc",
                   "c\xff",
                   "\xed\xa0\x80",
                   "\xef\xbb\xbfmarked",
                   "[1, 2]",
                   "a,b",
                   "key=value",
                   ";",
                   "-9",
                   "--seed",
                   "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8e\xb5",
                   "\x01\x1f\x7f",
                   "\\u0041\\x41",
                   ""};

std::string refusal(const std::string& text) {
    return message_of<UsageError>([&] { (void)parse_settings(text, "f"); });
}

Words words_of(const std::string& line) {
    const std::vector<Setting> settings = parse_settings(line, "f");
    REQUIRE(settings.size() == 1);
    return settings[0].words;
}

}  // namespace

TEST_CASE("settings: what is written comes back, any bytes, whatever ends the lines") {
    std::string text = setting_line("all", kNames);
    for (const std::string& name : kNames) {
        text += setting_line("one", name);
    }
    CHECK(utf8_text(text) == text);
    for (const std::string& form : {text, "\xEF\xBB\xBF" + text, [&] {
                                        std::string crlf;
                                        for (const std::string& line : lines_of(text)) {
                                            crlf += line + "\r\n";
                                        }
                                        return crlf;
                                    }()}) {
        const std::vector<Setting> settings = parse_settings(form, "f");
        REQUIRE(settings.size() == 1 + kNames.size());
        CHECK(settings[0].words == kNames);
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            CHECK(settings[1 + i].words == Words{kNames[i]});
            CHECK(settings[1 + i].value == kNames[i]);
            CHECK(settings[1 + i].line == 2 + i);
        }
    }
    CHECK(setting_line("lr", "0.25") == "lr=0.25\n");
}

TEST_CASE("settings: comments, blanks, quotes and lists") {
    CHECK(parse_settings("# a = 1\n ; b = 2\n\n \t\n", "f").empty());
    CHECK(words_of("a = 1 2  # 3") == Words{"1", "2"});
    CHECK(words_of("a=x#y") == Words{"x#y"});
    CHECK(words_of("a = '#\\n' \"# \\\"\" z") == Words{"#\\n", "# \"", "z"});
    CHECK(words_of("a = it's") == Words{"it's"});
    CHECK(words_of("a = C:\\x,y") == Words{"C:\\x,y"});
    CHECK(words_of(R"(a = "\x41\u00e9\ud83d\ude00\/\t")") == Words{"A\xc3\xa9\xf0\x9f\x98\x80/\t"});
    CHECK(words_of(R"(data=["a b", "c\u000ad",e, 'f'])") == Words{"a b", "c\nd", "e", "f"});
    CHECK(words_of("a = [1 2] # 3") == Words{"1", "2"});
    CHECK(parse_settings("title = two  words # no more", "f")[0].value == "two  words");
    CHECK(parse_settings("title = 'two  words #' # no more", "f")[0].value == "two  words #");
}

TEST_CASE("settings: what is none is refused with its line") {
    CHECK(refusal("a = 1\nnonsense\n") == "f:2: 'nonsense' is no line of the form key = value");
    CHECK(holds(refusal("= 1"), "f:1: '= 1' is no line"));
    CHECK(holds(refusal("two words = 1"), "no line of the form"));
    CHECK(holds(refusal("a ="), "a has no value"));
    CHECK(holds(refusal("a = # b"), "a has no value"));
    CHECK(holds(refusal("a = []"), "a has no value"));
    CHECK(holds(refusal("a = \"b"), "a quote does not end"));
    CHECK(holds(refusal("a = 'b"), "a quote does not end"));
    CHECK(holds(refusal("a = \"b\"c"), "a blank is missing"));
    CHECK(holds(refusal("a = \"\\q\""), "the escape \\q is not known"));
    CHECK(holds(refusal("a = \"\\"), "is not known"));
    CHECK(holds(refusal("a = \"\\x4\""), "2 hexadecimal digits"));
    CHECK(holds(refusal("a = [1, 2"), "the list does not end"));
    CHECK(holds(refusal("a = [1] 2"), "something follows the list"));
    CHECK(holds(refusal("a = \"\\x00\""), "holds a NUL"));
    CHECK(holds(refusal(std::string("a = b\0c", 7)), "holds a NUL"));
    CHECK(holds(message_of<Error>([] {
                    (void)parse_settings(
                        "\xFF\xFE"
                        "a",
                        "f");
                }),
                "f is text in UTF-16"));
}

TEST_CASE("text files: line ends and byte order mark of any system") {
    CHECK(plain_text("\xEF\xBB\xBF"
                     "a\r\nb\rc\n\r\n",
                     "f") == "a\nb\nc\n\n");
    CHECK(plain_text("", "f").empty());
    CHECK(lines_of("").empty());
    CHECK(lines_of("a") == Words{"a"});
    CHECK(lines_of("a\n\nb\n") == Words{"a", "", "b"});
    CHECK(holds(message_of<Error>([] { (void)plain_text("\xFE\xFF", "f"); }), "save it as UTF-8"));
}

TEST_CASE("utf8: any bytes become a text and come back") {
    for (const std::string& name : kNames) {
        CHECK(utf8_bytes(utf8_text(name)) == name);
    }
    const std::string nul("a\0b", 3);
    CHECK(utf8_text(nul) == std::string("a\0"
                                        "00b",
                                        5));
    CHECK(utf8_bytes(utf8_text(nul)) == nul);
    CHECK(utf8_text("gr\xc3\xbc") == "gr\xc3\xbc");
    CHECK(utf8_text("\xff") == std::string("\0ff", 3));
    CHECK(utf8_bytes(std::string("\0zz\0", 4)) == std::string("\0zz\0", 4));  // not ours
    CHECK(utf8_character(0xE9) == "\xc3\xa9");
    CHECK(utf8_character(0xD800) == "\xEF\xBF\xBD");
}
