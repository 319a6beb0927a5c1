#pragma once
/// \file Gradients of weights from what entered an operation and what came back, cut for parallel work.
/// Exactness class A.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "bitlaw/model/config.hpp"
#include "bitlaw/model/tensor.hpp"

namespace bitlaw::model {

/// Collects where the gradients of tensors come from, then adds them to the flat array `gradient`. Every
/// element is one chain over all rows, ascending (bf16: ascending pairs, so a batch must have an even number
/// of tokens for the next to continue).
class GradientTasks {
   public:
    /// (tensor [K, N], what entered its product [M, K], what came back [M, N]), both valid during the call.
    using Watch = std::function<void(const Tensor&, const float*, const float*)>;

    /// `watch` may be empty, and must outlive this.
    GradientTasks(Arithmetic arithmetic, float* gradient, const Watch& watch)
        : arithmetic_(arithmetic), gradient_(gradient), watch_(watch) {}

    /// A matrix [K, N]: x [M, K] entered its product, y [M, N] came back.
    void product(const Tensor& tensor, const float* x, const float* y);
    /// A bias [1, N]: y [M, N] came back.
    void sum(const Tensor& tensor, const float* y);
    /// A gain [1, N]: x [M, N] was multiplied with it, y [M, N] came back.
    void scaled_sum(const Tensor& tensor, const float* x, const float* y);

    /// Runs all over M rows, in parallel.
    void run(std::size_t rows);

   private:
    /// Some rows and columns of one tensor [K, N].
    struct Task {
        enum class Kind : std::uint8_t { product, product_bf16, sum, scaled_sum } kind;
        const float* x;       // [M, K] from the piece's first row on; scaled_sum: [M, N]
        const float* y;       // [M, N] from the piece's first column on
        std::size_t inputs;   // K, the distance between rows of x
        std::size_t k;        // rows of the piece
        std::size_t n;        // columns of the piece
        float* g;             // the piece in the gradient
        std::size_t columns;  // N, also the distance between rows of y and g
    };
    static void run(const Task& task, std::size_t rows);

    Arithmetic arithmetic_;
    float* gradient_;
    const Watch& watch_;
    std::vector<Task> tasks_;
};

}  // namespace bitlaw::model
