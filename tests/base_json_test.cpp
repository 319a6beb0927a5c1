#include <doctest/doctest.h>

#include <string>

#include "bitlaw/base/json.hpp"

using namespace bitlaw;

TEST_CASE("json: quotes, backslashes and control characters are escaped, all else passes") {
    CHECK(json_text("") == "\"\"");
    CHECK(json_text("a b/c") == "\"a b/c\"");
    CHECK(json_text("say \"x\\y\"") == R"("say \"x\\y\"")");
    CHECK(json_text("a\n\t\x1f\x7f") == "\"a\\u000a\\u0009\\u001f\x7f\"");
    CHECK(json_text("\xe2\x82\xac \xf0\x9f\x8e\xb5") == "\"\xe2\x82\xac \xf0\x9f\x8e\xb5\"");
    CHECK(json_text("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
}

TEST_CASE("json: a byte that is not UTF-8, and NUL, become U+0000 and its digits") {
    const auto mark = [](const std::string& digits) { return "\\u0000" + digits; };
    CHECK(json_text("a\xff") == "\"a" + mark("ff") + "\"");
    CHECK(json_text(std::string("\0z", 2)) == "\"" + mark("00") + "z\"");
    CHECK(json_text("\xc3\x28") == "\"" + mark("c3") + "(\"");
    CHECK(json_text("\xe2\x82") == "\"" + mark("e2") + mark("82") + "\"");  // cut off
    CHECK(json_text("\xc0\xaf") == "\"" + mark("c0") + mark("af") + "\"");  // a slash, too long
    CHECK(json_text("\xed\xa0\x80") == "\"" + mark("ed") + mark("a0") + mark("80") + "\"");  // a surrogate
    CHECK(json_text("\xf4\x90\x80\x80") ==
          "\"" + mark("f4") + mark("90") + mark("80") + mark("80") + "\"");  // beyond U+10FFFF
    CHECK(json_text("\xc3\xc3\xbc") == "\"" + mark("c3") + "\xc3\xbc\"");
}
