/// \file The bf16 products with the instructions that some processors with AVX-512 have for them, compiled
/// with this file's flags. No header with inline functions may be used here, lest the linker keep this file's
/// copy for everyone.

// GCC 12's own header starts undefined vectors from themselves and then warns of it (bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "tables.hpp"

#ifdef __FAST_MATH__
#error "the kernels promise exact IEEE arithmetic: compile them without -ffast-math and -Ofast"
#endif

namespace bitlaw::kernels {
namespace {

// Each file builds on those before it.
// clang-format off
#include "body/lanes_avx512.inl"
#include "body/tile.inl"
#include "body/micro_bf16_dot.inl"
#include "body/product_bf16.inl"
// clang-format on

}  // namespace

void use_bf16_instructions(Kernels& table) {
    table.pack_bf16 = pack_bf16;
    table.pack_transposed_bf16 = pack_transposed_bf16;
    table.product_bf16 = product_bf16;
    table.weight_gradient_bf16 = weight_gradient_bf16;
}

}  // namespace bitlaw::kernels
