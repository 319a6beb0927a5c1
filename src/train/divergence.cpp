#include "bitlaw/train/divergence.hpp"

#include <cmath>
#include <string>

#include "bitlaw/base/text.hpp"

namespace bitlaw::train {

namespace {

// Half the rate is a step of a usual search, and where most runs that diverge are sound again.
std::string advice(double peak) {
    return text_of("; train anew (-f) with --lr ", exact_text(peak / 2),
                   ", half its peak learning rate, a longer --warmup, or --clip 1 if it was turned off");
}

}  // namespace

void require_finite(bool is_finite, const char* what, std::uint64_t step, double peak) {
    if (!is_finite) {
        throw Diverged(text_of("the run diverged: the ", what, " is not finite in step ", step,
                               " at a peak learning rate of ", peak, advice(peak)));
    }
}

DivergenceWatch::DivergenceWatch(std::size_t alphabet, std::uint64_t patience, double bytes_a_symbol)
    : without_model_(std::log2(static_cast<double>(alphabet)) / bytes_a_symbol), patience_(patience) {}

void DivergenceWatch::add(std::uint64_t step, double bits_per_byte, double peak) {
    count_ = bits_per_byte > kHopeless * without_model_ ? count_ + 1 : 0;
    if (patience_ > 0 && count_ >= patience_) {
        throw Diverged(text_of("the run diverged: up to step ", step, ", ", count_,
                               count_ == 1 ? " step" : " steps in a row", " cost more than ",
                               fixed_text(kHopeless * without_model_, 2), " bits/byte, the last ",
                               fixed_text(bits_per_byte, 2), ", and no model at all costs ",
                               fixed_text(without_model_, 2), advice(peak)));
    }
}

}  // namespace bitlaw::train
