#pragma once
/// \file Trellis-coded quantisation of a row of weights: which levels may follow which, and the path of
/// levels that costs least. Exactness class A.
///
/// A row's levels pass through eight states. In even states levels are even, in odd ones odd, and which state
/// comes next depends on the level (Marcellin and Fischer 1990, "Trellis coded quantization of memoryless and
/// Gauss-Markov sources"; entropy-coded: Fischer and Wang 1992; the states are those of JPEG 2000, part 2).
/// So levels lie two steps apart, which saves a bit, but a path may choose among all of them, which costs
/// less than a bit of error. Of Gaussian weights at 2.7 to 4.8 bits, entropy-coded rows of one step need
/// 0.253 to 0.261 bits more than the rate-distortion bound, this trellis 0.075 to 0.082.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitlaw/model/level_bits.hpp"
#include "bitlaw/model/quantised_rows.hpp"

namespace bitlaw::model {

inline constexpr unsigned kTrellisStates = 8;

/// 0 where the state's levels are even, 1 where they are odd. Every row begins in state 0.
[[nodiscard]] constexpr unsigned trellis_parity(unsigned state) { return state & 1U; }
/// The state behind a level of the state's parity.
[[nodiscard]] constexpr unsigned next_state(unsigned state, std::int32_t level) {
    constexpr unsigned kNext[kTrellisStates][2] = {{0, 2}, {5, 7}, {1, 3}, {6, 4},
                                                   {2, 0}, {4, 6}, {3, 1}, {7, 5}};
    // Levels of one parity fall into two subsets, four apart: ..., -4, 0, 4 and ..., -2, 2; or -3, 1 and
    // -1, 3.
    return kNext[state][(level + static_cast<std::int32_t>(trellis_parity(state))) >> 1 & 1];
}

/// A row to be rounded.
struct PathProblem {
    std::span<const double> targets;       ///< weights / step, [N]
    std::span<const double> importance{};  ///< of squared errors, [N]; empty: 1
    /// Row c [N]: the share of an error at c by which levels behind c are to make up for it; empty: 0. With M
    /// the unit lower factor of G = M^T D M, it is M's column c.
    std::span<const double> feedback{};
    std::span<const double> centers{};  ///< [N]; a target, errors of others included, stays ...
    double reach = 0.0;                 ///< ... this close to its center; without centers it is not bounded
    double bit_weight = 0.0;            ///< errors that a bit is worth
    LevelBits bits{1.0};
};

/// Levels [N] of a path, of those up to kMaxWeightLevel the one for which the sum of importance error^2 +
/// bit_weight bits is least: exactly without feedback (Viterbi), else of eight paths kept at each column, the
/// best that ends in each state. Holds its memory from row to row.
class PathSearch {
   public:
    void find(const PathProblem& problem, std::span<std::int32_t> levels);

   private:
    struct Step {
        std::int32_t level = 0;
        std::uint8_t from = 0;
    };
    void hand_on(std::span<const double> share, const Step* steps,
                 const std::array<double, kTrellisStates>& errors, std::size_t c);
    std::vector<Step> steps_;               // [N, states]
    std::vector<double> pending_, behind_;  // [states, N] what paths owe to the columns behind
};

/// As quantised_row(), for rows whose levels are a path: the largest step of which all weights are.
[[nodiscard]] std::optional<QuantisedRow> trellis_row(std::span<const float> weights);
/// Rounds weights to the nearest path of a step.
void round_to_path(std::span<float> weights, std::size_t step);

}  // namespace bitlaw::model
