// Sums and training of a mixer's weight sets over lanes of 32 bits. The including file defines Ints: kWidth
// lanes with load, store, zero, all(x), upper_product(a, b) = (a >> 16) * (b >> 16) of each lane, plus,
// shifted_right<n>, clamped(bound), and sum().

void mixing_dot(const std::int32_t* inputs, std::size_t count, const std::int32_t* const* weights,
                std::size_t sets, std::int32_t* sums) {
    for (std::size_t s = 0; s < sets; ++s) {
        Ints sum = Ints::zero();
        for (std::size_t i = 0; i < count; i += Ints::kWidth) {
            sum =
                sum.plus(Ints::load(weights[s] + i).upper_product(Ints::load(inputs + i)).shifted_right<6>());
        }
        sums[s] = sum.sum();
    }
}

void mixing_train(const std::int32_t* inputs, std::size_t count, std::int32_t* const* weights,
                  std::size_t sets, const std::int32_t* steps) {
    for (std::size_t s = 0; s < sets; ++s) {
        if (steps[s] == 0) {
            continue;
        }
        const Ints step = Ints::all(steps[s] * 65536);
        for (std::size_t i = 0; i < count; i += Ints::kWidth) {
            const Ints moved = Ints::load(weights[s] + i).plus(Ints::load(inputs + i).upper_product(step));
            moved.clamped(kMaxMixingWeight).store(weights[s] + i);
        }
    }
}
