/// \file The kernels of one instruction set: the shared body over sixteen lanes, compiled with this file's
/// flags. No header with inline functions may be used here, lest the linker keep this file's copy for
/// everyone.

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
#include "body/micro.inl"
#include "body/tile.inl"
#include "body/product.inl"
#include "body/pairs_avx512.inl"
#include "body/flush_scope.inl"
#include "body/micro_bf16.inl"
#include "body/product_bf16.inl"
#include "body/rows.inl"
#include "body/elementwise.inl"
#include "body/rotate.inl"
#include "body/attention_tiles.inl"
#include "body/attention_forward.inl"
#include "body/attention_backward.inl"
#include "body/attention_step.inl"
#include "body/output.inl"
#include "body/table.inl"
// clang-format on

}  // namespace

const Kernels& kernels_avx512() {
    static constexpr Kernels kTable = make_table("avx512");
    return kTable;
}

}  // namespace bitlaw::kernels
