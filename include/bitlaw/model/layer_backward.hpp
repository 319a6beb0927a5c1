#pragma once
/// \file Gradients of the row functions of layer.hpp, in the same order backwards. Exactness class A.

#include <vector>

#include "bitlaw/model/layer.hpp"

namespace bitlaw::model {

/// Gradients with respect to n rows' values inside one layer; `d` stands for d(loss) / d(value).
struct LayerGradientRows {
    const float* dout;  ///< [n, C] comes in
    float* hidden;      ///< [n, F] the activations, computed again
    float* dup;         ///< [n, F]
    float* dmlp;        ///< [n, C] vanilla: at the sum that enters the second layer norm
    float* dmiddle;     ///< [n, C]
    float* dsum;        ///< [n, C] vanilla: at the sum that enters the first layer norm
    float* dattended;   ///< [n, H D]
    float* dqkv;        ///< [n, (H + 2 Hkv) D] filled by attention's gradient in between
    float* dnormal;     ///< [n, C] scratch
    float* din;         ///< [n, C] goes out; must not be dout's memory
};

/// dout -> hidden, dup, dmlp, dmiddle, dsum, dattended.
void after_attention_backward(const PackedModel& model, std::size_t layer, const LayerRows& rows,
                              const LayerGradientRows& gradients, std::size_t n);

/// dqkv (turned back in place) and dmiddle or dsum -> din.
void before_attention_backward(const PackedModel& model, std::size_t layer, const LayerRows& rows,
                               const LayerGradientRows& gradients, std::size_t n, const float* cosine,
                               const float* sine);

/// dlogits [n, V] -> din [n, C] at the last layer's output. normal, inverse: what logit_rows left (modern).
void logit_rows_backward(const PackedModel& model, const float* dlogits, const float* normal,
                         const float* inverse, std::size_t n, float* dnormal, float* din);

/// One independent piece of a layer's weight gradients: some rows and columns of one tensor [K, N]. All
/// tokens of the batch, ascending, in one chain (bf16: ascending pairs, so a batch must have an even number
/// of tokens for the next to continue).
struct WeightGradientTask {
    enum class Kind { product, product_bf16, column_sums, column_products } kind;
    const float* x;  ///< [M, K] what entered the product, from the piece's first row on; column_products: the
                     ///< factor [M, N]
    const float* y;  ///< [M, N] what came back, from the piece's first column on
    std::size_t inputs;   ///< K, the distance between rows of x
    std::size_t k;        ///< rows of the piece
    std::size_t n;        ///< columns of the piece
    float* g;             ///< the piece in the gradient
    std::size_t columns;  ///< N, also the distance between rows of y and g
};

/// Where the gradient of a layer's tensors comes from, cut into blocks for parallel work. `gradient` is the
/// flat array.
[[nodiscard]] std::vector<WeightGradientTask> weight_gradient_tasks(const Model& model, std::size_t layer,
                                                                    const LayerRows& rows,
                                                                    const LayerGradientRows& gradients,
                                                                    float* gradient);
/// The same for the output matrix: x [M, C] entered it, dlogits [M, V] came back.
[[nodiscard]] std::vector<WeightGradientTask> output_gradient_tasks(const Model& model, const float* x,
                                                                    const float* dlogits, float* gradient);
/// Runs one task over M rows.
void run(const WeightGradientTask& task, std::size_t rows);

}  // namespace bitlaw::model
