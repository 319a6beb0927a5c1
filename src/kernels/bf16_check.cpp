#include <cmath>
#include <cstring>
#include <vector>

#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/random.hpp"
#include "tables.hpp"

namespace bitlaw::kernels {
namespace {

// Odd in every direction, and more than one tile of each.
constexpr std::size_t kRows = 27;
constexpr std::size_t kDepth = 37;
constexpr std::size_t kColumns = 70;

/// Exponent fields from `first` on, `count` of them; 0 is denormal, 255 infinite or NaN.
struct Exponents {
    std::uint32_t first;
    std::uint32_t count;
};

std::vector<float> numbers(Random& random, Exponents exponents, std::size_t size) {
    std::vector<float> result(size);
    for (float& number : result) {
        const std::uint64_t draw = random.next();
        const auto exponent = static_cast<std::uint32_t>((draw >> 32) % exponents.count) + exponents.first;
        const std::uint32_t bits = (static_cast<std::uint32_t>(draw) & 0x807FFFFFU) | exponent << 23;
        std::memcpy(&number, &bits, sizeof number);
    }
    return result;
}

bool same_bits(const std::vector<float>& one, const std::vector<float>& other) {
    for (std::size_t i = 0; i < one.size(); ++i) {
        if (std::memcmp(&one[i], &other[i], sizeof(float)) != 0 &&
            !(std::isnan(one[i]) && std::isnan(other[i]))) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool same_bf16_bits(const Kernels& one, const Kernels& other) {
    const FloatStateGuard guard;
    struct Kind {
        Exponents left;
        Exponents right;
        Exponents start;
    };
    constexpr Kind kKinds[] = {
        {{118, 12}, {118, 12}, {110, 20}},  // as in a network
        {{0, 256}, {0, 256}, {0, 256}},     // anything
        {{58, 10}, {58, 10}, {0, 4}},       // products and sums near 2^-126
        {{120, 10}, {0, 3}, {0, 3}},        // one factor denormal or nearly
    };
    Random random(0x62663136);
    for (int round = 0; round < 16; ++round) {
        const Kind& kind = kKinds[round % 4];
        const std::vector<float> a = numbers(random, kind.left, kRows * kDepth);
        const std::vector<float> w = numbers(random, kind.right, kDepth * kColumns);
        const std::vector<float> c = numbers(random, kind.start, kRows * kColumns);
        std::vector<std::uint16_t> packed(packed_size_bf16(kDepth, kColumns));
        std::vector<float> results[2];
        std::vector<float> gradients[2];
        for (const bool second : {false, true}) {
            const Kernels& table = second ? other : one;
            std::vector<float>& result = results[second ? 1 : 0];
            std::vector<float>& gradient = gradients[second ? 1 : 0];
            result = c;
            table.pack_bf16({w.data(), kColumns}, kDepth, kColumns, packed.data());
            table.product_bf16({a.data(), kDepth}, kRows, packed.data(), kDepth, kColumns,
                               ChainStart::accumulate, nullptr, {result.data(), kColumns});
            // The same numbers again: G [27, 70] += the transpose of X [37, 27] times Y [37, 70].
            gradient = c;
            table.weight_gradient_bf16({a.data(), kRows}, {w.data(), kColumns}, kDepth, kRows, kColumns,
                                       {gradient.data(), kColumns});
        }
        if (!same_bits(results[0], results[1]) || !same_bits(gradients[0], gradients[1])) {
            return false;
        }
    }
    return true;
}

}  // namespace bitlaw::kernels
