#pragma once
/// \file Gated logistic mixing in two layers, in fixed point. Class A.
///
/// Layer one has several groups of weight sets. Each group chooses one of its sets by a context of its own,
/// and its output is the dot product of that set with all inputs (log odds). Layer two mixes the groups'
/// outputs with one more chosen set. Every set is trained by itself towards the coded bit: w += rate (bit -
/// p) x, the gradient of the code length (Mahoney 2005, "Adaptive Weighing of Context Models for Lossless
/// Data Compression"; several selected sets in two layers after paq8). Widths: kernels/mixing.hpp for layer
/// one, mixer.cpp for layer two.

#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/kernels/mixing.hpp"
#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

struct MixerShape {
    std::size_t inputs;               ///< at most kMaxMixingInputs
    std::vector<std::size_t> groups;  ///< sets in each group of layer one, at most 16 groups
    std::size_t final_sets;           ///< sets of layer two
    std::int32_t first_weight;        ///< what layer one's weights start from, in units of 2^-16
    std::size_t trusted_input = 0;    ///< an input that starts from another weight, if that is not 0
    std::int32_t trusted_weight = 0;
};

/// Usage for each bit: set() all inputs, choose() a set in each group, predict(), then update() with the bit.
class Mixer {
   public:
    explicit Mixer(const MixerShape& shape);

    /// Where the inputs go: log odds in units of 2^-8, |x| < 2^13.
    void set(std::size_t input, std::int32_t odds) { inputs_[input] = odds * 65536; }
    /// All inputs, times 2^16, for who sets many; kMixingLanes more may be written behind them, as zeros.
    [[nodiscard]] std::int32_t* inputs() { return inputs_.data(); }
    /// The set that a group uses for this bit; group == number of groups: layer two.
    void choose(std::size_t group, std::size_t set) { chosen_[group] = set; }
    /// The mixed log odds in units of 2^-14, within kMaxFineOdds.
    [[nodiscard]] std::int32_t predict();
    /// Trains all chosen sets on the bit that came. `p`: probability_of(predict()).
    void update(int bit, std::uint32_t p);

    /// Bytes of all weights.
    [[nodiscard]] std::size_t bytes() const {
        return (weights_.size() + final_weights_.size()) * sizeof(std::int32_t);
    }

   private:
    using Ints = std::vector<std::int32_t, AlignedAllocator<std::int32_t>>;
    MixerShape shape_;
    const kernels::MixingKernels& kernels_;
    const OddsTables& tables_;
    std::size_t padded_;                      // inputs rounded up to whole lanes
    std::size_t count_;                       // groups
    Ints inputs_;                             // [padded] times 2^16, and room for one more group of lanes
    Ints weights_;                            // [all sets of all groups, padded], 2^28 is 1
    Ints final_weights_;                      // [final sets, groups], 2^20 is 1
    std::vector<std::size_t> first_set_;      // [groups]
    std::vector<std::size_t> chosen_;         // [groups + 1]
    std::vector<std::int32_t*> rows_;         // [groups] weights of the chosen sets
    std::vector<std::int32_t> sums_;          // [groups, and room] fine odds
    std::vector<kernels::MixingPace> paces_;  // [all sets]
};

}  // namespace bitlaw::predict
