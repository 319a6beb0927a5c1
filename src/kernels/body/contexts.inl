// Loops of hashed contexts over lanes of 32 bits. The including file defines Ints: kWidth lanes with load,
// store, all, plus, minus, at_most, shifts, shorts and bytes (which widen), masks from above(x) and
// equals(x), taken by also, unless and or_else, divides(numerator) and scaled_product.
//
// Memory is scattered, so that single loads and stores do as well as gathering; lanes do the arithmetic.

// One step of probabilities towards the bit.
Ints learned(Ints value, std::int32_t target, std::int32_t limit) {
    const Ints p = value.without_sign_shifted_right<10>();
    const Ints seen = value.also(Ints::all(1023));
    const Ints step = seen.plus(seen).plus(Ints::all(3)).divides(1 << 17);
    const Ints moved = p.plus(Ints::all(target).minus(p).scaled_product(step));
    return moved.shifted_left<10>().plus(seen.plus(Ints::all(1)).at_most(limit));
}

void contexts_look(ContextLanes& c, const BitPlace& place, std::uint32_t single_end, const std::int16_t* odds,
                   std::int32_t* inputs) {
    alignas(64) std::int16_t known[kMaxContextLanes];
    alignas(64) std::int16_t run[kMaxContextLanes];
    const std::size_t count = c.count;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t state = c.slots[i][place.path];
        std::uint32_t* const map = c.maps[i] + state;
        const std::uint32_t value = *map;
        c.states[i] = state;
        c.used[i] = map;
        c.values[i] = value;
        known[i] = odds[value >> 20];
    }
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t* const map = c.runs[i] + (c.expected[i] >> (place.left - 1) & 1);
        const std::uint32_t value = *map;
        c.run_used[i] = map;
        c.run_values[i] = value;
        run[i] = odds[value >> 20];
    }
    // The whole groups of lanes reach into the next part, which is written after them.
    for (std::size_t i = 0; i < count; i += Ints::kWidth) {
        const Ints state = Ints::bytes(c.states + i);
        Ints::shorts(known + i)
            .unless(state.above(static_cast<std::int32_t>(single_end) - 1))
            .also(state.above(0))
            .store(inputs + i);
    }
    for (std::size_t i = 0; i < count; i += Ints::kWidth) {
        const Ints state = Ints::bytes(c.states + i);
        Ints::shorts(known + i)
            .also(state.above(static_cast<std::int32_t>(single_end) - 1))
            .store(inputs + count + i);
    }
    for (std::size_t i = 0; i < count; i += Ints::kWidth) {
        const Ints agrees = Ints::load(c.expected + i)
                                .shifted_right_by(place.left)
                                .equals(static_cast<std::int32_t>(place.node));
        agrees.store(c.agrees + i);
        Ints::shorts(run + i).also(agrees).store(inputs + 2 * count + i);
    }
}

void contexts_learn(ContextLanes& c, std::uint32_t path, int bit, const std::uint8_t* next) {
    const std::size_t count = c.count;
    const std::int32_t target = bit != 0 ? (1 << 22) - 1 : 0;
    auto* const values = reinterpret_cast<std::int32_t*>(c.values);
    auto* const run_values = reinterpret_cast<std::int32_t*>(c.run_values);
    for (std::size_t i = 0; i < count; i += Ints::kWidth) {
        learned(Ints::load(values + i), target, kContextMapLimit).store(values + i);
        const Ints run = Ints::load(run_values + i);
        run.or_else(learned(run, target, kContextRunLimit), Ints::load(c.agrees + i)).store(run_values + i);
    }
    for (std::size_t i = 0; i < count; ++i) {
        *c.used[i] = c.values[i];
        *c.run_used[i] = c.run_values[i];
        std::uint8_t* const state = c.slots[i] + path;
        *state = next[*state];
    }
}
