// Loops of the light mixer over lanes of 32 bits; see contexts.inl for Ints and learned(). Beside these Ints
// has of(numbers), which takes kWidth numbers that stand in registers: memory that was written in parts and
// is read as a whole would have to reach the cache in between.

inline constexpr std::int32_t kLightLimit = 1023;

std::int32_t light_look(LightLanes& c, std::uint32_t path, const std::int16_t* odds) {
    std::int32_t x[kLightInputs] = {};
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLightContexts; ++i) {
        const std::uint8_t state = c.slots[i][path];
        const std::uint32_t value = c.maps[i][state];
        c.states[i] = state;
        c.values[i] = static_cast<std::int32_t>(value);
        x[i] = odds[value >> 20];
    }
#pragma GCC unroll 8
    for (std::size_t k = 0; k < kLightOthers; ++k) {
        x[kLightContexts + k] = c.others[k];
    }
    Ints sum = Ints::zero();
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLightInputs; i += Ints::kWidth) {
        const Ints input = Ints::of(x + i).template shifted_left<16>();
        input.store(c.inputs + i);
        const Ints weight = Ints::load(c.weights[0] + i)
                                .plus(Ints::load(c.weights[1] + i))
                                .plus(Ints::load(c.weights[2] + i).plus(Ints::load(c.weights[3] + i)));
        sum = sum.plus(weight.upper_product(input).template shifted_right<6>());
    }
    return sum.total();
}

void light_learn(LightLanes& c, std::uint32_t path, int bit, const std::uint8_t* next, std::int32_t step) {
    const std::int32_t target = bit != 0 ? (1 << 22) - 1 : 0;
    for (std::size_t i = 0; i < kLightContexts; i += Ints::kWidth) {
        learned(Ints::load(c.values + i), target, kLightLimit).store(c.values + i);
    }
    const Ints steps = Ints::all(step * 65536);
    for (std::size_t i = 0; i < kLightInputs; i += Ints::kWidth) {
        const Ints moved = Ints::load(c.inputs + i).upper_product(steps);
        for (std::int32_t* const row : c.weights) {
            Ints::load(row + i).plus(moved).clamped(kMaxLightWeight).store(row + i);
        }
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLightContexts; ++i) {
        const std::uint8_t state = c.states[i];
        c.maps[i][state] = static_cast<std::uint32_t>(c.values[i]);
        c.slots[i][path] = next[state];
    }
}
