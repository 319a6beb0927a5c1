#include "bitlaw/model/packed_matrix.hpp"

namespace bitlaw::model {

void multiply(const PackedMatrix& w, const float* a, std::size_t lda, std::size_t rows,
              kernels::ChainStart start, const float* bias, float* c, std::size_t ldc) {
    if (w.bf16 != nullptr) {
        kernels::kernel_table().product_bf16(a, lda, rows, w.bf16, w.k, w.n, start, bias, c, ldc);
    } else {
        kernels::kernel_table().product(a, lda, rows, w.fp32, w.k, w.n, start, bias, c, ldc);
    }
}

}  // namespace bitlaw::model
