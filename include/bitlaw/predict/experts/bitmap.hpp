#pragma once
/// \file Expert: the bits around the next one in rows of a fixed length, for pictures of one bit a pixel.
/// Class A.

#include <cstdint>
#include <vector>

#include "bitlaw/predict/adaptive_map.hpp"
#include "bitlaw/predict/history.hpp"
#include "bitlaw/predict/mixer.hpp"

namespace bitlaw::predict {

/// Probabilities of a bit by its neighbours in the row so far and in the two rows above, shared by all
/// streams.
class Bitmap {
   public:
    static constexpr std::size_t kInputs = 4;

    Bitmap();
    /// Sets inputs first .. first + kInputs - 1. `width`: bytes of a row, at least 1.
    void predict(const Past& past, std::uint32_t width, std::uint32_t node, Mixer& mixer, std::size_t first);
    void accept(int bit);
    [[nodiscard]] std::size_t bytes() const { return (near_.size() + wide_.size()) * sizeof(Counted); }

   private:
    const OddsTables& odds_;
    const CountedSteps& steps_;
    std::vector<Counted> near_;  // [2^16] 5 bits of the row, 7 above, 4 two above
    std::vector<Counted> wide_;  // [2^20] 8 bits of the row, 7 above, 5 two above
    Counted* near_used_ = nullptr;
    Counted* wide_used_ = nullptr;
};

}  // namespace bitlaw::predict
