#include <doctest/doctest.h>

#include "bitlaw/base/error.hpp"
#include "bitlaw/train/schedule.hpp"

using bitlaw::train::Schedule;

TEST_CASE("the rate rises, stays, and falls in straight lines") {
    const Schedule schedule{.peak = 2.0, .steps = 100, .warmup = 0.1, .decay = 0.25};
    CHECK(schedule.rate(0) == 0.2);
    CHECK(schedule.rate(4) == 1.0);
    CHECK(schedule.rate(9) == 2.0);
    CHECK(schedule.rate(10) == 2.0);
    CHECK(schedule.rate(75) == 2.0);
    CHECK(schedule.rate(76) == 2.0 * (24.0 / 25.0));
    CHECK(schedule.rate(99) == 2.0 * (1.0 / 25.0));
    CHECK_THROWS_AS((void)schedule.rate(100), bitlaw::Error);
}

TEST_CASE("shares of no step are left out; the lower of two lines counts") {
    CHECK(Schedule{.peak = 3.0, .steps = 1, .warmup = 0.02, .decay = 1.0}.rate(0) == 3.0);
    const Schedule flat{.peak = 3.0, .steps = 10, .warmup = 0.0, .decay = 0.0};
    CHECK(flat.rate(0) == 3.0);
    CHECK(flat.rate(9) == 3.0);
    const Schedule both{.peak = 1.0, .steps = 4, .warmup = 1.0, .decay = 1.0};
    CHECK(both.rate(0) == 0.25);
    CHECK(both.rate(1) == 0.5);
    CHECK(both.rate(2) == 0.5);
    CHECK(both.rate(3) == 0.25);
}
