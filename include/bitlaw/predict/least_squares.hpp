#pragma once
/// \file Linear prediction by least squares with forgetting, in whole numbers. Class A.

#include <cstdint>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/kernels/covariance.hpp"

namespace bitlaw::predict {

/// Weights w that minimise sum over the past of (1 - 2^(batch - memory) / batch)^age (y - w x)^2 + a small
/// ridge, by the normal equations, solved once every 2^batch samples by an LDL^T factorisation in fixed
/// point.
class LeastSquares {
   public:
    static constexpr std::size_t kMaxInputs = 32;

    /// 1 <= inputs <= kMaxInputs; forgets over about 2^memory samples, batch < memory <= 12.
    LeastSquares(std::size_t inputs, unsigned memory, unsigned batch);

    /// w x in units of 2^-8. x [inputs], |x| < 2^17.
    [[nodiscard]] std::int64_t predict(const std::int32_t* x) const;
    /// The sample that came, |y| < 2^17.
    void accept(const std::int32_t* x, std::int32_t y);

   private:
    void solve();

    template <class T>
    using Aligned = std::vector<T, AlignedAllocator<T>>;
    kernels::Covariance covariance_;
    std::size_t inputs_;
    std::size_t ld_;  // inputs and the sample, in whole groups
    unsigned fade_;   // memory - batch
    std::size_t batch_;
    std::size_t filled_ = 0;
    Aligned<std::int32_t> rows_;  // [batch, ld] inputs, then the sample
    Aligned<std::int64_t>
        sums_;  // [inputs + 1, ld] in units of 2^-6; row `inputs` holds the sample's products
    Aligned<std::int64_t> fresh_;        // [inputs + 1, ld]
    std::vector<std::int64_t> weights_;  // [inputs] in units of 2^-16
    std::vector<std::int64_t> lower_;    // [inputs, inputs] L in units of 2^-20
    std::vector<std::int64_t> scaled_;   // [inputs, inputs] L D
};

}  // namespace bitlaw::predict
