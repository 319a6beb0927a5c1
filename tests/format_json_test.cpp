#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/json.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using namespace bitlaw::format;
using bitlaw::test::holds;
using bitlaw::test::message_of;

TEST_CASE("json: quotes, backslashes and control characters are escaped, all else passes") {
    CHECK(json_line("") == "\"\"");
    CHECK(json_line("a b/c") == "\"a b/c\"");
    CHECK(json_line("say \"x\\y\"") == R"("say \"x\\y\"")");
    CHECK(json_line("a\n\t\x1f\x7f") == "\"a\\n\\t\\u001f\x7f\"");
    CHECK(json_line("\xe2\x82\xac \xf0\x9f\x8e\xb5") == "\"\xe2\x82\xac \xf0\x9f\x8e\xb5\"");
    CHECK(json_line("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
}

TEST_CASE("json: a byte that is not UTF-8, and NUL, become U+0000 and its digits") {
    const auto mark = [](const std::string& digits) { return "\\u0000" + digits; };
    CHECK(json_line("a\xff") == "\"a" + mark("ff") + "\"");
    CHECK(json_line(std::string("\0z", 2)) == "\"" + mark("00") + "z\"");
    CHECK(json_line("\xc3\x28") == "\"" + mark("c3") + "(\"");
    CHECK(json_line("\xe2\x82") == "\"" + mark("e2") + mark("82") + "\"");  // cut off
    CHECK(json_line("\xc0\xaf") == "\"" + mark("c0") + mark("af") + "\"");  // a slash, too long
    CHECK(json_line("\xed\xa0\x80") == "\"" + mark("ed") + mark("a0") + mark("80") + "\"");  // a surrogate
    CHECK(json_line("\xf4\x90\x80\x80") ==
          "\"" + mark("f4") + mark("90") + mark("80") + mark("80") + "\"");  // beyond U+10FFFF
    CHECK(json_line("\xc3\xc3\xbc") == "\"" + mark("c3") + "\xc3\xbc\"");
}

TEST_CASE("json: what is read") {
    const Json json =
        parse_json(R"( {"a": [1, -2.5e3, true, null], "t": "xA\u00e9\ud83d\ude00", "b": {}} )", "t");
    const Json& list = member(json, "a");
    REQUIRE(list.size() == 4);
    CHECK(text_in(json, "t") == "xA\xC3\xA9\xF0\x9F\x98\x80");
    CHECK_FALSE(text_in(json, "a"));
    CHECK_FALSE(text_in(list, "a"));
    CHECK(member(member(json, "b"), "missing").is_null());
    const Json numbers = parse_json(
        R"({"one": 1, "minus": -1, "real": 1.0, "max": 18446744073709551615, "over": 18446744073709551616})",
        "t");
    CHECK(integer_in(numbers, "one") == 1);
    CHECK(integer_in(numbers, "max") == 18446744073709551615U);
    for (const char* key : {"minus", "real", "over"}) {
        CHECK_FALSE(integer_in(numbers, key));
        CHECK(number_in(numbers, key));
    }
    const std::string name("say \"x\\y\"\n\xff\xc3\xbc \0", 14);
    CHECK(text_in(parse_json("\xEF\xBB\xBF{\"n\":\r\n" + json_line(name) + "}", "t"), "n") == name);
}

TEST_CASE("json: what is no JSON, or without bound, is refused by name") {
    const auto message = [](const std::string& text) {
        return message_of<Error>([&] { (void)parse_json(text, "bad.json"); });
    };
    for (const std::string bad : {"", "{", "[1,]", "{\"a\" 1}", "tru", "1 2", "\"\\x\"", "\"\n\"", "inf",
                                  "nan", "+1", "01", "1e999", "\"\xff\"", "\"\\ud800\""}) {
        CAPTURE(bad);
        CHECK(holds(message(bad), "bad.json is no JSON"));
    }
    CHECK(holds(message(std::string(100'000, '[')), "bad.json is nested too deeply"));
    CHECK(message(std::string(32, '[') + std::string(32, ']')).empty());
    CHECK(holds(message("{\"a\": 1, \"a\": 2}"), "an object with 'a' twice"));
    CHECK(message("[{\"a\": {\"a\": 1}}, {\"a\": 2}]").empty());
    std::string many = "{";
    for (int i = 0; i < 300; ++i) {
        many += "\"" + std::to_string(i) + "\": 1, ";
    }
    CHECK(holds(message(many + "\"x\": 1}"), "too many members"));
}

TEST_CASE("json: one line, and a file with a line for each member and each object of a list") {
    const Json json{
        {"b", {1, 2.5, true, nullptr}}, {"a", {{{"x", 1}}, {{"x", 2}}}}, {"nan", 0.0 / 0.0}, {"whole", 3.0}};
    CHECK(json_line(json) ==
          R"({"b": [1, 2.5, true, null], "a": [{"x": 1}, {"x": 2}], "nan": null, "whole": 3})");
    CHECK(json_file(json) ==
          "{\"b\": [1, 2.5, true, null],\n \"a\": [\n  {\"x\": 1},\n  {\"x\": 2}\n],\n \"nan\": null,\n "
          "\"whole\": 3}\n");
    CHECK(json_file(Json::array()) == "[]\n");
    CHECK(json_file(Json::object()) == "{}\n");
}
