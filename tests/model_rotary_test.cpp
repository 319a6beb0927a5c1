#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "bitlaw/model/rotary.hpp"
#include "bitlaw/model/specs.hpp"

using namespace bitlaw;
using namespace bitlaw::model;

namespace {

struct Angles {
    std::vector<float> cosine;
    std::vector<float> sine;
};

Angles angles_at(const RotaryAngles& rotary, std::uint64_t position) {
    Angles result{std::vector<float>(rotary.pairs()), std::vector<float>(rotary.pairs())};
    rotary.fill(position, result.cosine.data(), result.sine.data());
    return result;
}

}  // namespace

TEST_CASE("angles equal position * base^(-2i/D)") {
    const ModelConfig config = preset_config("200k");
    const RotaryAngles rotary({.base = config.rotary_base, .width = config.head_width});
    REQUIRE(rotary.pairs() == config.head_width / 2);
    for (const std::uint64_t position : {0ULL, 1ULL, 2ULL, 511ULL, 100'000ULL}) {
        const Angles found = angles_at(rotary, position);
        for (std::size_t pair = 0; pair < rotary.pairs(); ++pair) {
            const long double exponent = -2.0L * static_cast<long double>(pair) / config.head_width;
            const long double angle = static_cast<long double>(position) *
                                      std::pow(static_cast<long double>(config.rotary_base), exponent);
            // Rounding to float, and the frequency's relative error of 1e-15 times the angle.
            const double tolerance =
                std::numeric_limits<float>::epsilon() + 1e-14 * static_cast<double>(angle);
            CHECK(std::abs(found.cosine[pair] - static_cast<double>(std::cos(angle))) <= tolerance);
            CHECK(std::abs(found.sine[pair] - static_cast<double>(std::sin(angle))) <= tolerance);
        }
    }
}

TEST_CASE("far positions turn on exactly: the angle of p + 1 is the angle of p plus that of 1") {
    const ModelConfig config = preset_config("3.2m");
    const RotaryAngles rotary({.base = config.rotary_base, .width = config.head_width});
    const Angles one = angles_at(rotary, 1);
    for (const std::uint64_t position :
         {std::uint64_t{1} << 33, (std::uint64_t{1} << 40) - 1, std::uint64_t{1} << 50}) {
        const Angles here = angles_at(rotary, position);
        const Angles next = angles_at(rotary, position + 1);
        for (std::size_t pair = 0; pair < rotary.pairs(); ++pair) {
            const double cosine = static_cast<double>(here.cosine[pair]) * one.cosine[pair] -
                                  static_cast<double>(here.sine[pair]) * one.sine[pair];
            CHECK(std::abs(next.cosine[pair] - cosine) < 4 * std::numeric_limits<float>::epsilon());
        }
    }
}
