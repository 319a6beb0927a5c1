#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "support/hostile_float_state.hpp"

using namespace bitlaw;

namespace {

// volatile, so that the processor computes them at run time, in the state of that moment.
bool denormals_survive() {
    volatile double small = std::numeric_limits<double>::min();
    volatile double half = small * 0.5;
    return half != 0.0;
}

bool rounds_to_nearest() {
    volatile double ten = 10.0;
    volatile double tenth = 1.0 / ten;  // 0x1.99999999999999..p-4: the nearest double lies above
    return tenth == 0x1.999999999999ap-4;
}

}  // namespace

TEST_CASE("float state: the hostile state is hostile, the guard makes the default and restores") {
    bool denormals_before = true;
    bool nearest_before = true;
    bool denormals_inside = false;
    bool nearest_inside = false;
    std::uint64_t inside = 0;
    std::uint64_t after = 0;
    {
        const test::HostileFloatState hostile;
        denormals_before = denormals_survive();
        nearest_before = rounds_to_nearest();
        {
            const FloatStateGuard guard;
            inside = float_state();
            denormals_inside = denormals_survive();
            nearest_inside = rounds_to_nearest();
        }
        after = float_state();
    }
    CHECK_FALSE(denormals_before);
    CHECK_FALSE(nearest_before);
    CHECK(denormals_inside);
    CHECK(nearest_inside);
    CHECK(after == hostile_float_state());
    CHECK(inside != hostile_float_state());
    const FloatStateGuard guard;
    CHECK(inside == float_state());
}

TEST_CASE("float state: the guard restores when an exception passes") {
    std::uint64_t after = 0;
    {
        const test::HostileFloatState hostile;
        try {
            const FloatStateGuard guard;
            throw 1;
        } catch (int) {
            after = float_state();
        }
    }
    CHECK(after == hostile_float_state());
}

TEST_CASE(
    "float state: every worker computes in the default state, serial or not, and the caller's comes back") {
    std::uint64_t expected = 0;
    {
        const FloatStateGuard guard;
        expected = float_state();
    }
    const std::size_t before = thread_count();
    for (const std::size_t threads : {1, 2, 5}) {
        set_thread_count(threads);
        std::vector<std::uint64_t> states(64, 0);
        std::array<std::uint64_t, 2> nested{};
        std::uint64_t after = 0;
        {
            const test::HostileFloatState hostile;
            parallel_for(states.size(), [&](std::size_t i) {
                states[i] = float_state();
                // A body that spoils the register must not reach the next region.
                set_float_state(expected);
            });
            parallel_for(1, [&](std::size_t) {
                parallel_for(nested.size(), [&](std::size_t i) { nested[i] = float_state(); });
            });
            after = float_state();
        }
        CAPTURE(threads);
        for (const std::uint64_t state : states) {
            CHECK(state == expected);
        }
        CHECK(nested[0] == expected);
        CHECK(nested[1] == expected);
        CHECK(after == hostile_float_state());
    }
    set_thread_count(before);
}
