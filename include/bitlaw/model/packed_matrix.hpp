#pragma once
/// \file A matrix of weights in the order in which the products read it.

#include <cstddef>
#include <cstdint>

#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::model {

/// A matrix of weights W [k, n], packed for the products of the model's arithmetic: a view of other memory.
/// One pointer is null; both are when the matrix is not packed.
struct PackedMatrix {
    const float* fp32 = nullptr;
    const std::uint16_t* bf16 = nullptr;
    std::size_t k = 0;
    std::size_t n = 0;
};

/// C = start + A W, in the matrix's arithmetic: one chain per element, from 0, bias[j] or C. A [rows, k], C
/// [rows, n]; they do not overlap. Class A.
inline void multiply(const PackedMatrix& w, kernels::Rows a, std::size_t rows, kernels::ChainStart start,
                     const float* bias, kernels::OutRows c) {
    if (w.bf16 != nullptr) {
        kernels::kernel_table().product_bf16(a, rows, w.bf16, w.k, w.n, start, bias, c);
    } else {
        kernels::kernel_table().product(a, rows, w.fp32, w.k, w.n, start, bias, c);
    }
}

}  // namespace bitlaw::model
