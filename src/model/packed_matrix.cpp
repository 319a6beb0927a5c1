#include "bitlaw/model/packed_matrix.hpp"

namespace bitlaw::model {

void multiply(const PackedMatrix& w, kernels::Rows a, std::size_t rows, kernels::ChainStart start,
              const float* bias, kernels::OutRows c) {
    if (w.bf16 != nullptr) {
        kernels::kernel_table().product_bf16(a, rows, w.bf16, w.k, w.n, start, bias, c);
    } else {
        kernels::kernel_table().product(a, rows, w.fp32, w.k, w.n, start, bias, c);
    }
}

}  // namespace bitlaw::model
