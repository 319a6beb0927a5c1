#pragma once
/// \file The last stage: what a mixed prediction was really worth, by a small context. Class A.

#include <cstdint>
#include <vector>

#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

/// Adaptive probabilities at whole bits of log odds from -12 to 12, a straight line between neighbours
/// ("secondary symbol estimation", as in PAQ). Beyond 12 bits a prediction stays as it is.
class Refinement {
   public:
    explicit Refinement(std::size_t contexts);

    /// Whether log odds in fine units are within reach.
    [[nodiscard]] static bool reaches(std::int32_t fine) { return fine > -kReach && fine < kReach; }
    /// What predict() reads in this context is on its way.
    void prefetch(std::size_t context) const {
        const std::uint16_t* const points = map_.data() + context * kPoints;
        __builtin_prefetch(points, 1);
        __builtin_prefetch(points + kPoints - 1, 1);
    }
    /// The refined probability in units of 2^-16. Needs reaches(fine).
    [[nodiscard]] std::uint32_t predict(std::int32_t fine, std::size_t context);
    /// Moves the nearer of the two neighbours towards the bit.
    void accept(int bit);
    [[nodiscard]] std::size_t bytes() const { return map_.size() * sizeof(std::uint16_t); }

   private:
    static constexpr std::int32_t kReach = 12 << kFineBits;
    static constexpr std::size_t kPoints = 25;
    std::vector<std::uint16_t> map_;  // [contexts, points] in units of 2^-16
    std::uint16_t* nearer_ = nullptr;
};

}  // namespace bitlaw::predict
