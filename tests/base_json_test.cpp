#include <doctest/doctest.h>

#include <string>

#include "bitlaw/base/json.hpp"

using namespace bitlaw;

TEST_CASE("json: quotes, backslashes and control characters are escaped, all else passes") {
    CHECK(json_text("") == "\"\"");
    CHECK(json_text("a b/c") == "\"a b/c\"");
    CHECK(json_text("say \"x\\y\"") == R"("say \"x\\y\"")");
    CHECK(json_text("a\n\t\x1f\x7f") == "\"a\\u000a\\u0009\\u001f\x7f\"");
    CHECK(json_text(std::string("\0z", 2)) == "\"\\u0000z\"");
    CHECK(json_text("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
}
