// Sums and training of a mixer's weight sets over lanes of 32 bits. The including file defines Ints: kWidth
// lanes with load, store, zero, all(x), upper_product(a, b) = (a >> 16) * (b >> 16) of each lane, plus,
// shifted_right<n>, clamped(bound), and store_sums(four, bound, to).

// Sets that are taken together, so that an input is loaded once for all of them.
constexpr std::size_t kTogether = 4;

template <std::size_t kSets>
void dot_of(const std::int32_t* inputs, std::size_t count, const std::int32_t* const* weights,
            std::int32_t bound, std::int32_t* sums) {
    Ints sum[kTogether];
    for (Ints& one : sum) {
        one = Ints::zero();
    }
    for (std::size_t i = 0; i < count; i += Ints::kWidth) {
        const Ints x = Ints::load(inputs + i);
        for (std::size_t s = 0; s < kSets; ++s) {
            sum[s] = sum[s].plus(Ints::load(weights[s] + i).upper_product(x).template shifted_right<6>());
        }
    }
    Ints::store_sums(sum, bound, sums);
}

void mixing_dot(const std::int32_t* inputs, std::size_t count, const std::int32_t* const* weights,
                std::size_t sets, std::int32_t bound, std::int32_t* sums) {
    for (; sets >= kTogether; sets -= kTogether, weights += kTogether, sums += kTogether) {
        dot_of<kTogether>(inputs, count, weights, bound, sums);
    }
    switch (sets) {
        case 3: return dot_of<3>(inputs, count, weights, bound, sums);
        case 2: return dot_of<2>(inputs, count, weights, bound, sums);
        case 1: return dot_of<1>(inputs, count, weights, bound, sums);
        default: return;
    }
}

// From a sum to its set's step there are only single numbers: what is written in parts and read as a whole
// has to reach the cache in between.
std::int32_t step_of(std::int32_t sum, MixingPace& pace, const MixingLesson& lesson) {
    const std::int32_t i = (sum >> 7) + 2048;
    const std::int32_t error = (lesson.bit << 16) - lesson.probability[i < 0 ? 0 : i > 4095 ? 4095 : i];
    const std::int32_t step = (error * pace.rate + (1 << 13)) >> 14;  // below 2^15
    const std::uint32_t age = pace.age + (pace.age < 65535 ? 1U : 0U);
    pace.age = static_cast<std::uint16_t>(age);
    pace.rate = static_cast<std::uint16_t>(lesson.last_rate + lesson.fade / (kMixingFade + age));
    return step;
}

template <std::size_t kSets>
void train_of(const std::int32_t* inputs, std::size_t count, std::int32_t* const* weights,
              const std::int32_t* sums, MixingPace* const* paces, const MixingLesson& lesson) {
    Ints step[kSets];
    for (std::size_t s = 0; s < kSets; ++s) {
        step[s] = Ints::all(step_of(sums[s], *paces[s], lesson) * 65536);
    }
    for (std::size_t i = 0; i < count; i += Ints::kWidth) {
        const Ints x = Ints::load(inputs + i);
        for (std::size_t s = 0; s < kSets; ++s) {
            Ints::load(weights[s] + i)
                .plus(x.upper_product(step[s]))
                .clamped(kMaxMixingWeight)
                .store(weights[s] + i);
        }
    }
}

void mixing_train(const std::int32_t* inputs, std::size_t count, std::int32_t* const* weights,
                  std::size_t sets, const std::int32_t* sums, MixingPace* const* paces,
                  const MixingLesson& lesson) {
    for (; sets >= kTogether;
         sets -= kTogether, weights += kTogether, sums += kTogether, paces += kTogether) {
        train_of<kTogether>(inputs, count, weights, sums, paces, lesson);
    }
    switch (sets) {
        case 3: return train_of<3>(inputs, count, weights, sums, paces, lesson);
        case 2: return train_of<2>(inputs, count, weights, sums, paces, lesson);
        case 1: return train_of<1>(inputs, count, weights, sums, paces, lesson);
        default: return;
    }
}
