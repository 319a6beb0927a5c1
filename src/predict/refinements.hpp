#pragma once
/// \file The refinements of a context mixer, and what is made of them. Class A.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bitlaw/predict/refinement.hpp"

namespace bitlaw::predict {

/// Three refinements: by node and a state, by the last byte and node, and by a hash of the last three bytes
/// and the node. `last`: the last bytes, the newest in the lowest bits. Inline, since it runs for every bit.
class Refinements {
   public:
    /// Only a context mixer that has the expert makes tables.
    explicit Refinements(bool wanted) {
        if (wanted) {
            all_ = {Refinement(256 * kStates), Refinement(65536), Refinement(65536)};
        }
    }

    /// States of a bit.
    static constexpr std::uint32_t kStates = 32;

    /// What predict() reads is on its way. A function that only fetches has no effect that the compiler knows
    /// of: unless it is inlined early, gcc leaves out calls of it.
    [[gnu::always_inline]] void prefetch(std::uint64_t last, std::uint32_t node) const {
        if (!all_.empty()) {
            all_[1].prefetch(by_byte(last, node));
            all_[2].prefetch(by_three(last, node));
        }
    }
    /// A quarter of the mixed probability, in units of 2^-32, three quarters of the refined ones; or `mixed`
    /// where its log odds `fine` are beyond reach. state(): of the bit, below kStates; asked if it is needed.
    template <class State>
    std::uint32_t predict(std::int32_t fine, std::uint32_t mixed, std::uint64_t last, std::uint32_t node,
                          const State& state) {
        used_ = !all_.empty() && Refinement::reaches(fine);
        if (!used_) {
            return mixed;
        }
        const std::uint64_t one = all_[0].predict(fine, node * kStates | state());
        const std::uint64_t two = all_[1].predict(fine, by_byte(last, node));
        const std::uint64_t three = all_[2].predict(fine, by_three(last, node));
        const std::uint64_t sum = mixed + ((one + two + 2 * three) * 3 << 14);  // 2^34 is 1
        return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(sum >> 2, 64, 0xFFFFFFFF - 63));
    }
    /// The bit of the last predict().
    void accept(int bit) {
        if (used_) {
            for (Refinement& refinement : all_) {
                refinement.accept(bit);
            }
        }
    }

   private:
    [[nodiscard]] static std::size_t by_byte(std::uint64_t last, std::uint32_t node) {
        return (last & 0xFF) << 8 | node;
    }
    [[nodiscard]] static std::size_t by_three(std::uint64_t last, std::uint32_t node) {
        return (((last & 0xFFFFFF) << 8 | node) * 0x9E3779B97F4A7C15) >> 48;
    }

    std::vector<Refinement> all_;
    bool used_ = false;
};

}  // namespace bitlaw::predict
