#include <doctest/doctest.h>

#include <string>

#include "bitlaw/base/progress.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using bitlaw::test::holds;

TEST_CASE("progress: numbers with commas") {
    CHECK(with_commas(0) == "0");
    CHECK(with_commas(999) == "999");
    CHECK(with_commas(1000) == "1,000");
    CHECK(with_commas(1'234'567) == "1,234,567");
    CHECK(with_commas(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
}

TEST_CASE("progress: three significant digits with a unit, across every rounding border") {
    CHECK(with_unit(0.0, "B") == "0.00 B");
    CHECK(with_unit(1.5, "B/s") == "1.50 B/s");
    CHECK(with_unit(9.994, "B") == "9.99 B");
    CHECK(with_unit(9.996, "B") == "10.0 B");
    CHECK(with_unit(99.96, "B") == "100 B");
    CHECK(with_unit(999.4, "B") == "999 B");
    CHECK(with_unit(999.6, "B") == "1.00 KB");
    CHECK(with_unit(12'345.0, "B/s") == "12.3 KB/s");
    CHECK(with_unit(1.234e9, "FLOP/s") == "1.23 GFLOP/s");
    CHECK(with_unit(5e18, "B") == "5.00 EB");
    CHECK(with_unit(5e21, "B") == "5000 EB");
}

TEST_CASE("progress: the line shows what is known and leaves out zeros") {
    const Progress progress(1000);
    while (progress.seconds() <= 0.0) {
    }
    const std::string full = progress.line(429, 1.934, 98.2);
    CHECK(full.substr(0, 6) == "  42 %");
    CHECK(holds(full, "B/s"));
    CHECK(holds(full, "  1.93 bits/byte  98 GFLOP/s  "));
    CHECK(holds(full, ":"));
    CHECK(full.substr(full.size() - 5) == " left");
    CHECK(holds(progress.line(429, 1.934, 98.2, 240.0), "98 GFLOP/s, 41 % of peak  "));
    CHECK(progress.line(0, 0.0, 0.0) == "   0 %");
    const std::string finished = progress.line(1000, 0.0, 0.0);
    CHECK(finished.substr(0, 6) == " 100 %");
    CHECK_FALSE(holds(finished, "left"));
    CHECK_FALSE(holds(finished, "bits/byte"));
    CHECK_FALSE(holds(finished, "GFLOP"));
    CHECK(progress.line(999, 0.0, 0.0).substr(0, 6) == "  99 %");
    CHECK(Progress(0).line(0, 0.0, 0.0) == " 100 %");
}

TEST_CASE("progress: durations") {
    CHECK(duration_text(0.04) == "0.0 s");
    CHECK(duration_text(12.34) == "12.3 s");
    CHECK(duration_text(59.96) == "1 min 0 s");
    CHECK(duration_text(200.4) == "3 min 20 s");
    CHECK(duration_text(3600.0) == "1 h 0 min");
    CHECK(duration_text(1e30) == "9999 h 0 min");
}

TEST_CASE("progress: the first line is due at once, the second only a tenth of a second later") {
    Progress progress(10);
    CHECK(progress.due());
    const double first = progress.seconds();
    while (!progress.due()) {
    }
    CHECK(progress.seconds() - first > 0.09);
}
