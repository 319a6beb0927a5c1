#pragma once
/// \file The tables of kernels, one for each instruction set; only isa.cpp chooses among them.

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw {

/// Plain C++ over arrays of sixteen floats; always there.
[[nodiscard]] const Kernels& kernels_scalar();
/// AVX2 and FMA; only in builds for x86-64.
[[nodiscard]] const Kernels& kernels_avx2();
/// AVX-512 F, BW, VL and DQ; only in builds for x86-64.
[[nodiscard]] const Kernels& kernels_avx512();

}  // namespace bitlaw
