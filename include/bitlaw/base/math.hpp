#pragma once
/// \file Scalar double-precision functions of exactness class A: IEEE + - * / and integers, never libm.

#include <cstdint>

namespace bitlaw {

/// 2^x; relative error below 1e-14 for |x| <= 1000; 0 below -1022, +infinity above 1023.
[[nodiscard]] double exact_exp2(double x);

/// log2(x) for finite x > 0; absolute error below 1e-14 * max(1, |log2 x|). Throws Error for x <= 0 or not
/// finite.
[[nodiscard]] double exact_log2(double x);

struct SinCos {
    double sine;
    double cosine;
};

/// sin and cos of 2*pi * phase / 2^64: the phase is a fixed-point fraction of a full turn, so that
/// position * frequency wraps around without any loss, for every position. Absolute error below 1e-14.
[[nodiscard]] SinCos exact_sincos(std::uint64_t phase);

}  // namespace bitlaw
