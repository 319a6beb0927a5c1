#include "bitlaw/predict/sample_odds.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace bitlaw::predict {
namespace {

// The logistic function of z = -16 .. 16 in steps of 2^-7 (natural units), in units of 2^-32; and log2 of 1
// .. 2 in steps of 2^-10, in units of 2^-16.
struct Tables {
    std::array<std::uint32_t, 4097> logistic;
    std::array<std::uint16_t, 1024> mantissa;
    Tables() : logistic{}, mantissa{} {
        for (std::int32_t i = 0; i <= 4096; ++i) {
            // z / ln 2 bits, 1 / ln 2 = 94548 / 2^16.
            const std::int64_t fine = (std::int64_t{i - 2048} * 94548 * (1 << (kFineBits - 7))) >> 16;
            logistic[static_cast<std::size_t>(i)] = probability_of(static_cast<std::int32_t>(fine));
        }
        for (std::uint32_t i = 0; i < 1024; ++i) {
            mantissa[i] = static_cast<std::uint16_t>(log2_of(2048 + 2 * i + 1) - (11 << 16));
        }
    }
};

const Tables& tables() {
    static const Tables made;
    return made;
}

// log2(x) in units of 2^-16, off by less than 2^-10.
std::int32_t quick_log2(std::uint64_t x) {
    const auto width = static_cast<int>(std::bit_width(x)) - 1;
    const std::uint64_t mantissa = width >= 10 ? x >> (width - 10) : x << (10 - width);
    return (width << 16) + tables().mantissa[mantissa & 1023];
}

// The mean absolute error of a logistic distribution is 2 ln 2 times its scale; 1 / (2 ln 2) = 185 / 256.
constexpr std::int64_t kScaleShare = 185;
constexpr std::uint32_t kMinError = 6;
constexpr unsigned kEvenBits = 10;

}  // namespace

SampleOdds::SampleOdds(unsigned bits, std::size_t classes)
    : bits_(bits), scales_(classes, Scale{8U << bits, 0}) {}

void SampleOdds::begin(std::int64_t value, std::size_t error_class) {
    value_ = value;
    class_ = error_class;
    const std::int64_t scale = std::max<std::int64_t>(scales_[class_].error, kMinError) * kScaleShare / 256;
    inverse_ = (std::int64_t{1} << 32) / std::max<std::int64_t>(scale, 1);
    low_ = 0;
    size_ = 1U << bits_;
    below_low_ = 0;
    below_high_ = std::uint64_t{1} << 32;
}

// P(sample < value).
std::uint64_t SampleOdds::below(std::uint32_t value) const {
    // The border lies half a value below; distance / scale in units of 2^-16: |distance| < 2^26, inverse <=
    // 2^30.
    const std::int64_t distance = (std::int64_t{value} << 8) - 128 - value_;
    const std::int64_t z =
        std::clamp<std::int64_t>((distance * inverse_ >> 16) + (16 << 16), 0, (32 << 16) - 1);
    const auto i = static_cast<std::size_t>(z >> 9);
    const auto share = static_cast<std::uint64_t>(z & 511);
    const std::array<std::uint32_t, 4097>& logistic = tables().logistic;
    const std::uint64_t p = (logistic[i] * (512 - share) + logistic[i + 1] * share) >> 9;
    return p - (p >> kEvenBits) + (std::uint64_t{value} << (32 - bits_ - kEvenBits));
}

std::int32_t SampleOdds::odds() {
    below_middle_ = below(low_ + size_ / 2);
    const std::uint64_t one = below_high_ > below_middle_ ? below_high_ - below_middle_ : 1;
    const std::uint64_t zero = below_middle_ > below_low_ ? below_middle_ - below_low_ : 1;
    return std::clamp((quick_log2(one) - quick_log2(zero)) >> (16 - kOddsBits), -kMaxOdds, kMaxOdds);
}

void SampleOdds::accept_bit(int bit) {
    size_ /= 2;
    if (bit != 0) {
        below_low_ = below_middle_;
        low_ += size_;
    } else {
        below_high_ = below_middle_;
    }
}

void SampleOdds::accept(std::uint32_t sample) {
    constexpr std::uint32_t kMaxSeen = 128;
    Scale& scale = scales_[class_];
    const std::int64_t error = std::abs((std::int64_t{sample} << 8) - value_);
    scale.seen = std::min(scale.seen + 1, kMaxSeen);
    scale.error =
        static_cast<std::uint32_t>(scale.error + (error - std::int64_t{scale.error}) / (scale.seen + 1));
}

}  // namespace bitlaw::predict
