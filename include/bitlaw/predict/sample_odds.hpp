#pragma once
/// \file A predicted value with an expected error, as log odds of a sample's bits. Class A.

#include <array>
#include <cstdint>
#include <vector>

#include "bitlaw/predict/log_odds.hpp"

namespace bitlaw::predict {

/// The sample is taken to be distributed logistically around the predicted value; a share of 2^-10 of the
/// probability is spread evenly over all values, so that nothing is impossible. A bit halves the interval of
/// values that are left, and its odds are the probability of the upper half over that of the lower.
///
/// The scale is learned: the mean absolute error of earlier samples of the same class, which the caller
/// chooses.
class SampleOdds {
   public:
    /// Values 0 .. 2^bits - 1, bits <= 16; classes of expected error.
    SampleOdds(unsigned bits, std::size_t classes);

    /// A sample begins. `value` in units of 2^-8.
    void begin(std::int64_t value, std::size_t error_class);
    /// Log odds that the next bit, the highest first, is a one, in units of 2^-8.
    [[nodiscard]] std::int32_t odds();
    /// The bit that came.
    void accept_bit(int bit);
    /// The whole sample.
    void accept(std::uint32_t sample);

   private:
    [[nodiscard]] std::uint64_t below(std::uint32_t value) const;

    struct Scale {
        std::uint32_t error;  // mean absolute error in units of 2^-8
        std::uint32_t seen;
    };
    unsigned bits_;
    std::vector<Scale> scales_;  // [classes]
    std::int64_t value_ = 0;
    std::size_t class_ = 0;
    std::int64_t inverse_ = 0;  // of the scale
    std::uint32_t low_ = 0;     // the interval's lower end
    std::uint32_t size_ = 0;    // its length
    std::uint64_t below_low_ = 0, below_middle_ = 0,
                  below_high_ = 0;  // distribution function, in units of 2^-32
};

}  // namespace bitlaw::predict
