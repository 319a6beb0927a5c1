#pragma once
/// \file The loops of whole numbers of each instruction set; only the choice files choose among them.

#include "bitlaw/kernels/contexts.hpp"
#include "bitlaw/kernels/covariance.hpp"
#include "bitlaw/kernels/distribution.hpp"
#include "bitlaw/kernels/light.hpp"
#include "bitlaw/kernels/mixing.hpp"

namespace bitlaw::kernels {

/// Plain C++; always there.
[[nodiscard]] const MixingKernels& mixing_kernels_scalar();
[[nodiscard]] const ContextKernels& context_kernels_scalar();
[[nodiscard]] const LightKernels& light_kernels_scalar();
[[nodiscard]] const DistributionKernels& distribution_kernels_scalar();
[[nodiscard]] Covariance covariance_scalar();
/// AVX2; only in builds for x86-64.
[[nodiscard]] const MixingKernels& mixing_kernels_avx2();
[[nodiscard]] const ContextKernels& context_kernels_avx2();
[[nodiscard]] const LightKernels& light_kernels_avx2();
[[nodiscard]] const DistributionKernels& distribution_kernels_avx2();
[[nodiscard]] Covariance covariance_avx2();
/// AVX-512 F and BW; only in builds for x86-64.
[[nodiscard]] const MixingKernels& mixing_kernels_avx512();
[[nodiscard]] const ContextKernels& context_kernels_avx512();
[[nodiscard]] const LightKernels& light_kernels_avx512();
[[nodiscard]] const DistributionKernels& distribution_kernels_avx512();
[[nodiscard]] Covariance covariance_avx512();

}  // namespace bitlaw::kernels
