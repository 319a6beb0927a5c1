#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <new>

#include "bitlaw/base/aligned.hpp"

using namespace bitlaw;

namespace {

std::size_t offset_in(const Floats& numbers, std::size_t boundary) {
    return reinterpret_cast<std::uintptr_t>(numbers.data()) % boundary;
}

}  // namespace

TEST_CASE("aligned memory: small arrays begin a cache line, large ones a large page") {
    for (const std::size_t floats : {1U, 100U, 100'000U}) {
        CHECK(offset_in(Floats(floats), 64) == 0);
    }
    constexpr std::size_t kPageFloats = kLargePageBytes / sizeof(float);
    for (const std::size_t floats : {kPageFloats, kPageFloats + 1, 5 * kPageFloats - 1}) {
        Floats numbers(floats, 1.0F);
        CHECK(offset_in(numbers, kLargePageBytes) == 0);
        numbers.back() = 2.0F;
        CHECK(numbers[floats / 2] == 1.0F);
    }
}

TEST_CASE("aligned memory: more than there can be is refused") {
    CHECK_THROWS_AS((void)allocate_aligned(std::numeric_limits<std::size_t>::max() - 100), std::bad_alloc);
}
