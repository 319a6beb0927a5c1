#include <doctest/doctest.h>

#include <limits>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/numbers.hpp"
#include "bitlaw/format/table.hpp"

using namespace bitlaw;
using namespace bitlaw::format;

TEST_CASE("table: the same cells as text, Markdown, CSV and JSON") {
    Table table{.columns = {{"name", "what", true}, {"bytes", "bytes"}, {"rate", "rate"}}};
    table.add({text_cell("a,\"b\"\n"), count_cell(1234567), share_cell(0.2164)});
    table.add(
        {text_cell("gr\xc3\xbc*"), nothing_cell(), share_cell(std::numeric_limits<double>::quiet_NaN())});
    CHECK(table.text() ==
          "what        bytes     rate\n"
          "a,\"b\"?  1,234,567  21.64 %\n"
          "gr\xc3\xbc*            -        -\n");
    CHECK(table.markdown() ==
          "| what | bytes | rate |\n|---|---:|---:|\n"
          "| a,\"b\"? | 1,234,567 | 21.64 % |\n| gr\xc3\xbc\\* | - | - |\n");
    CHECK(table.csv() == "name,bytes,rate\n\"a,\"\"b\"\"\n\",1234567,0.2164\ngr\xc3\xbc*,,\n");
    CHECK(table.json_text() ==
          "[\n  {\"name\": \"a,\\\"b\\\"\\n\", \"bytes\": 1234567, \"rate\": 0.2164},\n"
          "  {\"name\": \"gr\xc3\xbc*\", \"bytes\": null, \"rate\": null}\n]\n");
    CHECK_THROWS_AS(table.add({text_cell("too short")}), Error);
}

TEST_CASE("table: cells") {
    CHECK(number_cell(1.005, 1, " s").shown == "1.0 s");
    CHECK(number_cell(std::numeric_limits<double>::infinity(), 1).shown == "-");
    CHECK(flag_cell(true).shown == "yes");
    CHECK(json_line(json_of(flag_cell(false).exact)) == "false");
    CHECK(general_cell(1.23456e-7).shown == "1.235e-07");
    CHECK(json_line(json_of(std::vector<std::string>{"a", "b"})) == R"(["a", "b"])");
}

TEST_CASE("numbers for people") {
    CHECK(short_text(1e6) == "1M");
    CHECK(short_text(1234) == "1.23K");
    CHECK(short_text(100) == "100");
    CHECK(short_text(3.2e6) == "3.2M");
    CHECK(short_text(2.05e9) == "2.05G");
    CHECK(short_text(0) == "0");
    CHECK(percent_text(0.2164, 1) == "21.6 %");
    CHECK(printable("a\033[31m\n\x7f") == "a?[31m??");
}
