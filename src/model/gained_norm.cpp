#include "bitlaw/model/gained_norm.hpp"

#include <cmath>

namespace bitlaw::model {

void gained_rms_norm(kernels::Rows x, std::size_t n, std::size_t width, const float* gain, float epsilon,
                     kernels::OutRows normal, float* inverse, kernels::OutRows y) {
    const kernels::Kernels& k = kernels::kernel_table();
    for (std::size_t row = 0; row < n; ++row) {
        inverse[row] = 1.0F / std::sqrt(k.sum_squares(x[row], width) / static_cast<float>(width) + epsilon);
        k.scale(x[row], inverse[row], width, normal[row]);
        const float* from = normal[row];
        float* to = y[row];
        for (std::size_t column = 0; column < width; ++column) {
            to[column] = from[column] * gain[column];
        }
    }
}

void gained_rms_norm_backward(kernels::Rows dy, kernels::Rows normal, const float* inverse, const float* gain,
                              std::size_t n, std::size_t width, float* scratch, kernels::OutRows dx) {
    for (std::size_t row = 0; row < n; ++row) {
        const float* from = dy[row];
        float* to = scratch + row * width;
        for (std::size_t column = 0; column < width; ++column) {
            to[column] = from[column] * gain[column];
        }
    }
    kernels::kernel_table().rms_norm_backward({scratch, width}, normal, inverse, n, width, dx);
}

}  // namespace bitlaw::model
