#include "bitlaw/base/random.hpp"

#include <cmath>
#include <numbers>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/math.hpp"

namespace bitlaw {
namespace {

// 2^64 / golden ratio, odd: consecutive counters land far apart (Steele, Lea, Flood: Fast splittable
// pseudorandom number generators, OOPSLA 2014).
constexpr std::uint64_t kGolden = 0x9E37'79B9'7F4A'7C15;

// A bijection of 64-bit words in which every input bit flips every output bit with probability near 1/2
// (SplitMix64's finaliser; constants: Stafford's Mix13).
constexpr std::uint64_t mix(std::uint64_t word) {
    word = (word ^ (word >> 30)) * 0xBF58'476D'1CE4'E5B9;
    word = (word ^ (word >> 27)) * 0x94D0'49BB'1331'11EB;
    return word ^ (word >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : key_(mix(mix(seed + kGolden) + stream * kGolden)) {}

Random Random::from_state(std::uint64_t key, std::uint64_t counter) {
    Random random(0);
    random.key_ = key;
    random.counter_ = counter;
    return random;
}

std::uint64_t Random::next() {
    // The key enters both rounds: with the first alone, all keys would walk one sequence, only shifted.
    return mix(mix(key_ + kGolden * counter_++) ^ key_);
}

std::uint64_t Random::below(std::uint64_t bound) {
    BITLAW_ASSERT(bound >= 1);
    // The lowest 2^64 mod bound values are rejected, so that a multiple of bound remains.
    const std::uint64_t rejected = (0 - bound) % bound;
    std::uint64_t value = next();
    while (value < rejected) {
        value = next();
    }
    return value % bound;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double Random::normal() {
    // sqrt(-2 ln u) cos(2 pi v), u in (0, 1]. The sine's twin is dropped: nothing is left over to save.
    const double u = 1.0 - uniform();
    const double radius = std::sqrt(-2.0 * std::numbers::ln2 * exact_log2(u));
    return radius * exact_sincos(next()).cosine;
}

}  // namespace bitlaw
