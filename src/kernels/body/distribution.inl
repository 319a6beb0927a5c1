// A table of 256 frequencies. The including file defines Ints: kWidth lanes with zero, load, store, plus,
// shifted_left<n>, larger and smaller of two without signs, with(bits), any_above(bits).

void distribution_tree(const std::uint32_t* frequencies, std::uint64_t* sums) {
    for (std::size_t i = 0; i < 256; ++i) {
        sums[256 + i] = frequencies[i];
    }
    for (std::size_t i = 0; i < 128; ++i) {
        sums[128 + i] = std::uint64_t{frequencies[2 * i]} + frequencies[2 * i + 1];
    }
    for (std::size_t first = 64; first >= 1; first /= 2) {
        for (std::size_t n = first; n < 2 * first; ++n) {
            sums[n] = sums[2 * n] + sums[2 * n + 1];
        }
    }
}

// 255 - i.
struct Ranks {
    alignas(64) std::int32_t of[256];
    constexpr Ranks() : of{} {
        for (std::int32_t i = 0; i < 256; ++i) {
            of[i] = 255 - i;
        }
    }
};
constexpr Ranks kRanks;

// The largest two of the keys frequency * 256 + 255 - i; each lane keeps its own two at first.
Largest distribution_largest(const std::uint32_t* table) {
    const auto* const frequencies = reinterpret_cast<const std::int32_t*>(table);
    const std::int32_t* const ranks = kRanks.of;
    Ints all_bits = Ints::zero();
    for (std::size_t i = 0; i < 256; i += Ints::kWidth) {
        all_bits = all_bits.with(Ints::load(frequencies + i));
    }
    if (all_bits.any_above(24)) {  // keys do not fit
        Largest result{0, 0, 0};
        std::uint32_t second = 0;
        for (std::uint32_t i = 0; i < 256; ++i) {
            if (table[i] > result.frequency) {
                second = result.frequency;
                result.second = result.first;
                result.frequency = table[i];
                result.first = i;
            } else if (table[i] > second) {
                second = table[i];
                result.second = i;
            }
        }
        return result;
    }
    Ints largest = Ints::zero();
    Ints second = Ints::zero();
    for (std::size_t i = 0; i < 256; i += Ints::kWidth) {
        const Ints x = Ints::load(frequencies + i).shifted_left<8>().plus(Ints::load(ranks + i));
        second = second.larger(x.smaller(largest));
        largest = largest.larger(x);
    }
    alignas(64) std::int32_t first_of[Ints::kWidth];
    alignas(64) std::int32_t second_of[Ints::kWidth];
    largest.store(first_of);
    second.store(second_of);
    std::uint32_t best = 0;
    std::uint32_t next = 0;
    for (std::size_t lane = 0; lane < Ints::kWidth; ++lane) {
        const auto x = static_cast<std::uint32_t>(first_of[lane]);
        const auto own = static_cast<std::uint32_t>(second_of[lane]);
        const std::uint32_t smaller = x < best ? x : best;
        const std::uint32_t others = own > smaller ? own : smaller;
        next = next > others ? next : others;
        best = x > best ? x : best;
    }
    return {best >> 8, 255 - (best & 255), 255 - (next & 255)};
}
