#pragma once
/// \file The tables of kernels, one for each instruction set; only isa.cpp chooses among them.

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::kernels {

/// Plain C++ over arrays of sixteen floats; always there.
[[nodiscard]] const Kernels& kernels_scalar();
/// AVX2 and FMA; only in builds for x86-64.
[[nodiscard]] const Kernels& kernels_avx2();
/// AVX-512 F, BW, VL and DQ; only in builds for x86-64.
[[nodiscard]] const Kernels& kernels_avx512();
/// Replaces the bf16 functions of kernels_avx512() by those that need AVX512_BF16 too; only in builds for
/// x86-64.
void use_bf16_instructions(Kernels& table);
/// Whether product_bf16 and weight_gradient_bf16 of both tables give the same bits (one NaN is as good as
/// another) on random numbers of all sizes, of which many sums are near 2^-126.
[[nodiscard]] bool same_bf16_bits(const Kernels& one, const Kernels& other);

}  // namespace bitlaw::kernels
