#pragma once
/// \file The measured rates of one amount of data as a curve over the size, and its best size.

#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/laws/law_fit.hpp"
#include "bitlaw/laws/smooth_line.hpp"

namespace bitlaw::studies {

/// The best that a size reached on an amount of different bytes, over the passes, seeds averaged.
struct BestRate {
    double parameters = 0;
    double unique = 0;  ///< as the config names it
    std::uint64_t passes = 0;
    std::size_t seeds = 0;
    double bits = 0;
    double model_bytes = 0;
    /// (archive bytes + model bytes) / original bytes, when the model codes as many bytes as it was trained
    /// on.
    [[nodiscard]] double adjusted() const { return bits / 8.0 + model_bytes / unique; }
};

/// Bits per byte as a SmoothLine over log N, and the model's bytes added as they are: 2 N and a header. A
/// curve fitted to the sum, whose one side is the model's own bytes, would put the best size too low.
class MeasuredCurve {
   public:
    /// Rates of one amount, ascending in N; at least two.
    explicit MeasuredCurve(std::span<const BestRate> rates);
    [[nodiscard]] double bits(double log_size) const { return bits_.at(log_size); }
    /// bits / 8 + model bytes / D, S = D.
    [[nodiscard]] double adjusted(double log_size) const;
    [[nodiscard]] double first() const { return bits_.first(); }
    [[nodiscard]] double last() const { return bits_.last(); }
    /// Where the adjusted rate is least, in log N.
    [[nodiscard]] laws::LeastPlace best() const;

   private:
    double unique_;
    laws::SmoothLine bits_;
    laws::SmoothLine bytes_per_parameter_;
};

/// Where the adjusted rate at S = D is least, read off the measured rates themselves.
struct MeasuredOptimum {
    double unique = 0;
    laws::Interval by_law = {};  ///< N by the leading law, at 2 bytes a parameter; 0 without a law
    laws::Interval parameters;   ///< bounded where seeds were repeated and the optimum lies inside
    laws::Interval adjusted;     ///< bounded where seeds were repeated
    int end = 0;  ///< -1: the smallest size is best, so that a smaller one may be; 1: the largest; 0: inside
};

/// The optimum of one amount's rates, with 90 % intervals from `count` resampled studies: each rate times
/// e^m, m the mean over its seeds of deviations drawn from `deviations`, log rates about the mean of their
/// seeds, times sqrt(n / (n - 1)). Nothing bounds it without deviations. Class B, a pure function of the
/// seed.
[[nodiscard]] MeasuredOptimum measured_optimum(std::span<const BestRate> rates,
                                               std::span<const double> deviations, std::size_t count,
                                               std::uint64_t seed);

}  // namespace bitlaw::studies
