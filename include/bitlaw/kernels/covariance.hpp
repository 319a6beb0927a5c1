#pragma once
/// \file Sums of products of whole numbers, for least squares. Class A without further care.

#include <cstddef>
#include <cstdint>

namespace bitlaw::kernels {

/// Rows of covariance sums are whole groups of this many columns.
inline constexpr std::size_t kCovarianceLanes = 8;

/// sums[i][j] += sum over rows t < count of x[t][i] x[t][j], for all i < n and all j of whole groups up to
/// i's own. x [count, ld], sums [n, ld], ld a multiple of kCovarianceLanes and at least n; columns of x from
/// n on are zero. The caller keeps |x| < 2^17 and the sums below 2^62, so that nothing overflows.
using Covariance = void (*)(const std::int32_t* x, std::size_t count, std::size_t n, std::size_t ld,
                            std::int64_t* sums);

/// That of the instruction set in force (kernels/isa.hpp).
[[nodiscard]] Covariance covariance();

}  // namespace bitlaw::kernels
