#pragma once
/// \file The inputs and groups of weights of each family's mixer, and which set of each group a bit takes.
/// Class A.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "bitlaw/predict/context_bank.hpp"
#include "bitlaw/predict/mixer.hpp"
#include "expert_choice.hpp"
#include "mixed_stream.hpp"

namespace bitlaw::predict {

/// Of the family's mixer, beside so many hashed contexts; choose_weights() says what the groups are.
[[nodiscard]] MixerShape mixer_shape(const ExpertChoice& choice, std::size_t contexts);

/// Where a bit stands: bits of the byte with a one in front, and what the matches say of it
/// (MatchFinder::predict).
struct BitPlace {
    std::uint32_t node = 1;
    std::uint32_t matched = 0;
    std::uint32_t short_matched = 0;
};

/// The weight sets of this bit. Inlined, since it runs for every bit.
[[gnu::always_inline]] inline void choose_weights(const ExpertChoice& choice, const MixedStream& s,
                                                  const BitPlace& bit, const ContextBank& bank,
                                                  Mixer& mixer) {
    const auto done = static_cast<std::uint32_t>(std::bit_width(bit.node) - 1);
    const std::uint32_t last = s.past.last & 0xFF;
    const std::uint32_t last2 = s.past.last >> 8 & 0xFF;
    mixer.choose(2, last);
    std::size_t groups = 3;
    if (!choice.full) {
        mixer.choose(0, bit.matched);
        mixer.choose(1, bit.node);
    } else {
        groups = 7;
        std::uint32_t pattern = 0;
        for (std::size_t i = 0; i < 5; ++i) {
            pattern = pattern * 3 + bank.knows(i);
        }
        mixer.choose(3, pattern);
        if (choice.sampled()) {
            const std::uint32_t phase = s.samples->phase();
            const std::uint32_t error = s.samples->error_class();
            mixer.choose(0, phase * Samples::kClasses + error);
            mixer.choose(1, phase * 256 + bit.node);
            mixer.choose(4, s.past.back(std::max(choice.form.width, 2U)));
            mixer.choose(5, s.samples->expected());
            mixer.choose(6, error / 4 * 16 + phase * 8 + done);
        } else {
            mixer.choose(0, bit.matched);
            mixer.choose(1, bit.node);
            mixer.choose(4, last2);
            if (choice.family == Family::text) {
                mixer.choose(5, s.lines.kinds() & 0xFF);
                mixer.choose(6, std::min(s.words.length(), 7U) * 32 + done * 4 + (bit.matched != 0 ? 1 : 0) +
                                    (bit.short_matched != 0 ? 2 : 0));
            } else {
                mixer.choose(5, s.past.back(choice.form.width));
                mixer.choose(6, std::min(s.past.length() % choice.form.width, 255U));
            }
        }
    }
    if (choice.external) {
        mixer.choose(groups++, s.external.doubt() * 8 + done);
    }
    mixer.choose(groups, bit.node);
}

}  // namespace bitlaw::predict
