#include <doctest/doctest.h>

#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/size.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;

TEST_CASE("size: sizes in powers of 1000 and 1024") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("500") == 500);
    CHECK(parse_size("16K") == 16'000);
    CHECK(parse_size("1.5M") == 1'500'000);
    CHECK(parse_size("2G") == 2'000'000'000);
    CHECK(parse_size("64KiB") == 65'536);
    CHECK(parse_size("0.5MiB") == 524'288);
    CHECK(parse_size("3GiB") == 3'221'225'472);
    CHECK(parse_size("1T") == 1'000'000'000'000);
    CHECK(parse_size("1TiB") == 1'099'511'627'776);
    CHECK(parse_size("0.1K") == 100);  // exact: no binary fraction in between
    CHECK(parse_size("2.0") == 2);
    CHECK(parse_size("18446744073709551615") == 18'446'744'073'709'551'615U);
}

TEST_CASE("size: what is not a size is refused") {
    for (const char* text : {"", "K", "-1", "+1", " 1", "1 ", "1k", "1KB", "1Ki", "1.K", ".5K", "1e6", "0x10",
                             "1,000", "1.2.3", "inf", "nan"}) {
        CAPTURE(text);
        const std::string message = message_of<UsageError>([&] { (void)parse_size(text); });
        CHECK(holds(message, "'" + std::string(text) + "' is not a size"));
        CHECK(holds(message, "write a size such as"));
    }
    for (const char* text :
         {"18446744073709551616", "99999999999999999999999", "20000000000G", "1.00000000000000000000"}) {
        CAPTURE(text);
        CHECK(holds(message_of<UsageError>([&] { (void)parse_size(text); }), "is too large"));
    }
    for (const char* text : {"1.5", "1.0005K", "0.3KiB"}) {
        CAPTURE(text);
        CHECK(holds(message_of<UsageError>([&] { (void)parse_size(text); }), "whole number"));
    }
}

TEST_CASE("size: they are written short and exactly") {
    CHECK(size_text(8000) == "8K");
    CHECK(size_text(3'200'000) == "3.2M");
    CHECK(size_text(1'234'567) == "1234.567K");
    CHECK(size_text(12'345) == "12.345K");
    CHECK(size_text(999) == "999");
    CHECK(size_text(1'000'000'000'000) == "1T");
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1'000'000'000'000'000},
                                      std::uint64_t{18'446'744'073'709'551'615U}, std::uint64_t{1'500'000}}) {
        CHECK(parse_size(size_text(value)) == value);
    }
}
