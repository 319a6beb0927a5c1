#include "bitlaw/predict/least_squares.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {
namespace {

// Widths. Sums: |x y| < 2^34, in units of 2^-6 below 2^40 a sample, times 2^12 samples that are remembered:
// 2^52. For solving they are shifted so that the largest diagonal entry lies in 2^29 .. 2^30; then by Cauchy
// and Schwarz |L D| <= 2^30 in exact arithmetic, to which it is clamped. D is kept above the ridge of 2^10,
// so that |L| <= 2^30 in units of 2^-20 (clamped too). A product L (L D) < 2^60 loses 6 bits before up to 32
// of them are added: < 2^59.
constexpr unsigned kSumBits = 6;
constexpr int kNormBits = 30;
constexpr unsigned kLowerBits = 20;
constexpr unsigned kLostBits = 6;
constexpr std::int64_t kMaxScaled = std::int64_t{1} << 30;
constexpr std::int64_t kMaxLower = std::int64_t{1} << 30;
constexpr std::int64_t kRidge = std::int64_t{1} << 10;
// Right-hand sides stay below 2^33, weights below 2^6.
constexpr std::int64_t kMaxSide = std::int64_t{1} << 33;
constexpr unsigned kWeightBits = 16;
constexpr std::int64_t kMaxWeight = std::int64_t{1} << 22;

std::int64_t shifted(std::int64_t x, int right) {
    return right >= 0 ? x >> right : x * (std::int64_t{1} << -right);
}

}  // namespace

LeastSquares::LeastSquares(std::size_t inputs, unsigned memory, unsigned batch)
    : covariance_(kernels::covariance()),
      inputs_(inputs),
      ld_((inputs + kernels::kCovarianceLanes) / kernels::kCovarianceLanes * kernels::kCovarianceLanes),
      fade_(memory - batch),
      batch_(std::size_t{1} << batch),
      rows_(batch_ * ld_, 0),
      sums_((inputs + 1) * ld_, 0),
      fresh_((inputs + 1) * ld_, 0),
      weights_(inputs, 0),
      lower_(inputs * inputs, 0),
      scaled_(inputs * inputs, 0) {
    BITLAW_ASSERT(inputs >= 1 && inputs <= kMaxInputs && batch < memory && memory <= 12);
}

std::int64_t LeastSquares::predict(const std::int32_t* x) const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < inputs_; ++i) {
        sum += weights_[i] * x[i];  // < 2^39, 32 of them
    }
    return sum >> (kWeightBits - 8);
}

void LeastSquares::accept(const std::int32_t* x, std::int32_t y) {
    std::int32_t* const row = rows_.data() + filled_ * ld_;
    std::copy_n(x, inputs_, row);
    row[inputs_] = y;
    if (++filled_ < batch_) {
        return;
    }
    filled_ = 0;
    std::fill(fresh_.begin(), fresh_.end(), 0);
    covariance_(rows_.data(), batch_, inputs_ + 1, ld_, fresh_.data());
    for (std::size_t i = 0; i < sums_.size(); ++i) {
        sums_[i] += (fresh_[i] << kSumBits) - (sums_[i] >> fade_);
    }
    solve();
}

void LeastSquares::solve() {
    const std::size_t n = inputs_;
    std::int64_t largest = 1;
    for (std::size_t i = 0; i < n; ++i) {
        largest = std::max(largest, sums_[i * ld_ + i]);
    }
    const int right = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(largest))) - kNormBits;
    std::array<std::int64_t, kMaxInputs> diagonal;
    std::array<std::int64_t, kMaxInputs> side;
    for (std::size_t i = 0; i < n; ++i) {
        std::int64_t* const lower = lower_.data() + i * n;
        const std::int64_t* const sums = sums_.data() + i * ld_;
        for (std::size_t j = 0; j <= i; ++j) {
            const std::int64_t* const scaled = scaled_.data() + j * n;
            std::int64_t known = 0;
            if (j < i) {
                for (std::size_t k = 0; k < j; ++k) {
                    known += lower[k] * scaled[k] >> kLostBits;
                }
                const std::int64_t rest = shifted(sums[j], right) - (known >> (kLowerBits - kLostBits));
                const std::int64_t u = std::clamp(rest, -kMaxScaled, kMaxScaled);
                scaled_[i * n + j] = u;
                lower[j] =
                    std::clamp(u * (std::int64_t{1} << kLowerBits) / diagonal[j], -kMaxLower, kMaxLower);
            } else {
                for (std::size_t k = 0; k < i; ++k) {
                    known += lower[k] * scaled_[i * n + k] >> kLostBits;
                }
                const std::int64_t rest =
                    shifted(sums[i], right) + kRidge - (known >> (kLowerBits - kLostBits));
                diagonal[i] = std::clamp(rest, kRidge, kMaxScaled + kRidge);
            }
        }
        std::int64_t known = 0;
        for (std::size_t k = 0; k < i; ++k) {
            known += lower[k] * (side[k] >> 4) >> kLostBits;  // < 2^53
        }
        const std::int64_t rest =
            shifted(sums_[n * ld_ + i], right) - (known >> (kLowerBits - kLostBits - 4));
        side[i] = std::clamp(rest, -kMaxSide, kMaxSide);
    }
    for (std::size_t i = n; i-- > 0;) {
        std::int64_t known = 0;
        for (std::size_t k = i + 1; k < n; ++k) {
            known += lower_[k * n + i] * weights_[k] >> kLostBits;  // < 2^46
        }
        const std::int64_t w =
            side[i] * (std::int64_t{1} << kWeightBits) / diagonal[i] - (known >> (kLowerBits - kLostBits));
        weights_[i] = std::clamp(w, -kMaxWeight, kMaxWeight);
    }
}

}  // namespace bitlaw::predict
