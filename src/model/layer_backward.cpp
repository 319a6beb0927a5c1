#include "bitlaw/model/layer_backward.hpp"

#include <algorithm>
#include <cmath>

namespace bitlaw::model {

using namespace kernels;

namespace {

/// Largest block [rows, columns] of a weight gradient that one task takes. y is copied into panels once for
/// every block of rows, and x is read (bf16: rounded) once for every block of columns, so blocks of 256 rows
/// cost under 1 % of copies. The smallest matrices are cut finer, since their x stays in the second-level
/// cache, and two threads must come out even.
struct GradientBlock {
    std::size_t rows;
    std::size_t columns;
};
GradientBlock gradient_block(Arithmetic arithmetic, const Tensor& tensor) {
    const bool small = tensor.rows <= 2 * kPanel;
    if (arithmetic == Arithmetic::bf16) {
        return {256, small ? 2 * kPanel : 8 * kPanel};
    }
    return {256, small ? kPanel : 2 * kPanel};
}

/// How many of at most `most` `count` are cut into, evenly, as multiples of a panel.
std::size_t even_cut(std::size_t count, std::size_t most) {
    const std::size_t pieces = (count + most - 1) / most;
    return ((count + pieces - 1) / pieces + kPanel - 1) / kPanel * kPanel;
}

bool is_modern(const ModelConfig& config) { return config.architecture == Architecture::modern; }

/// din = dthrough + gradient through an rms_norm whose result was `normal`.
void rms_branch(const float* dnormal, const float* normal, const float* inverse, const float* dthrough,
                std::size_t n, std::size_t width, float* din) {
    std::copy(dthrough, dthrough + n * width, din);
    kernel_table().rms_norm_backward(dnormal, width, normal, width, inverse, n, width, din, width);
}

void add_product_tasks(std::vector<WeightGradientTask>& tasks, Arithmetic arithmetic, const Tensor& tensor,
                       const float* x, const float* y, float* gradient) {
    using Kind = WeightGradientTask::Kind;
    const GradientBlock most = gradient_block(arithmetic, tensor);
    const GradientBlock block{even_cut(tensor.rows, most.rows), even_cut(tensor.columns, most.columns)};
    for (std::size_t row = 0; row < tensor.rows; row += block.rows) {
        for (std::size_t first = 0; first < tensor.columns; first += block.columns) {
            tasks.push_back({.kind = arithmetic == Arithmetic::bf16 ? Kind::product_bf16 : Kind::product,
                             .x = x + row,
                             .y = y + first,
                             .inputs = tensor.rows,
                             .k = std::min(block.rows, tensor.rows - row),
                             .n = std::min(block.columns, tensor.columns - first),
                             .g = gradient + tensor.offset + row * tensor.columns + first,
                             .columns = tensor.columns});
        }
    }
}

/// The largest first, so that the threads end together.
void sort_by_size(std::vector<WeightGradientTask>& tasks) {
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const auto& a, const auto& b) { return a.k * a.n > b.k * b.n; });
}

void add_row_task(std::vector<WeightGradientTask>& tasks, const Tensor& tensor, const float* x,
                  const float* y, float* gradient) {
    using Kind = WeightGradientTask::Kind;
    if (tensor.size() > 0) {
        tasks.push_back({.kind = x == nullptr ? Kind::column_sums : Kind::column_products,
                         .x = x,
                         .y = y,
                         .inputs = tensor.columns,
                         .k = 1,
                         .n = tensor.columns,
                         .g = gradient + tensor.offset,
                         .columns = tensor.columns});
    }
}

}  // namespace

void after_attention_backward(const PackedModel& model, std::size_t layer, const LayerRows& rows,
                              const LayerGradientRows& g, std::size_t n) {
    const Kernels& k = kernel_table();
    const Widths w(model.config());
    const PackedLayer& packed = model.layer(layer);
    const LayerTensors& tensors = model.model().layout.layers[layer];
    if (is_modern(model.config())) {
        k.squared_relu(rows.up, n * w.hidden, g.hidden);
        multiply(packed.down_back, g.dout, w.width, n, ChainStart::zero, nullptr, g.dup, w.hidden);
        k.squared_relu_backward(rows.up, g.dup, n * w.hidden, g.dup);
        multiply(packed.up_back, g.dup, w.hidden, n, ChainStart::zero, nullptr, g.dnormal, w.width);
        rms_branch(g.dnormal, rows.normal2, rows.inverse2, g.dout, n, w.width, g.dmiddle);
        multiply(packed.attention_out_back, g.dmiddle, w.width, n, ChainStart::zero, nullptr, g.dattended,
                 w.attended);
        return;
    }
    const float* mlp_gain = model.model().view(tensors.mlp_gain).data();
    const float* attention_gain = model.model().view(tensors.attention_gain).data();
    k.layer_norm_backward(g.dout, w.width, rows.normal2, w.width, rows.inverse2, mlp_gain, n, w.width, g.dmlp,
                          w.width);
    k.gelu(rows.up, n * w.hidden, g.hidden);
    multiply(packed.down_back, g.dmlp, w.width, n, ChainStart::zero, nullptr, g.dup, w.hidden);
    k.gelu_backward(rows.up, g.dup, n * w.hidden, g.dup);
    std::copy(g.dmlp, g.dmlp + n * w.width, g.dmiddle);
    multiply(packed.up_back, g.dup, w.hidden, n, ChainStart::accumulate, nullptr, g.dmiddle, w.width);
    k.layer_norm_backward(g.dmiddle, w.width, rows.normal1, w.width, rows.inverse1, attention_gain, n,
                          w.width, g.dsum, w.width);
    multiply(packed.attention_out_back, g.dsum, w.width, n, ChainStart::zero, nullptr, g.dattended,
             w.attended);
}

void before_attention_backward(const PackedModel& model, std::size_t layer, const LayerRows& rows,
                               const LayerGradientRows& g, std::size_t n, const float* cosine,
                               const float* sine) {
    const Kernels& k = kernel_table();
    const Widths w(model.config());
    const std::size_t head_width = 2 * w.half_head;
    const bool modern = is_modern(model.config());
    k.rotate_backward(g.dqkv, w.projected, rows.qkv, w.projected, n, w.heads, head_width, cosine, sine,
                      modern, query_factor(model.config()), rows.q_inverse);
    k.rotate_backward(g.dqkv + w.attended, w.projected, rows.qkv + w.attended, w.projected, n, w.kv_heads,
                      head_width, cosine, sine, modern, 1.0F, rows.k_inverse);
    const PackedMatrix& back = model.layer(layer).qkv_back;
    if (modern) {
        multiply(back, g.dqkv, w.projected, n, ChainStart::zero, nullptr, g.dnormal, w.width);
        rms_branch(g.dnormal, rows.normal1, rows.inverse1, g.dmiddle, n, w.width, g.din);
    } else {
        std::copy(g.dsum, g.dsum + n * w.width, g.din);
        multiply(back, g.dqkv, w.projected, n, ChainStart::accumulate, nullptr, g.din, w.width);
    }
}

void logit_rows_backward(const PackedModel& model, const float* dlogits, const float* normal,
                         const float* inverse, std::size_t n, float* dnormal, float* din) {
    const Kernels& k = kernel_table();
    const Widths w(model.config());
    const bool modern = is_modern(model.config());
    multiply(model.output_back(), dlogits, w.alphabet, n, ChainStart::zero, nullptr, modern ? dnormal : din,
             w.width);
    if (modern) {
        std::fill(din, din + n * w.width, 0.0F);
        k.rms_norm_backward(dnormal, w.width, normal, w.width, inverse, n, w.width, din, w.width);
    }
}

std::vector<WeightGradientTask> weight_gradient_tasks(const Model& model, std::size_t layer,
                                                      const LayerRows& rows, const LayerGradientRows& g,
                                                      float* gradient) {
    const LayerTensors& tensors = model.layout.layers[layer];
    const bool modern = is_modern(model.config);
    std::vector<WeightGradientTask> tasks;
    const auto add_products = [&](const Tensor& tensor, const float* x, const float* y) {
        add_product_tasks(tasks, model.config.arithmetic, tensor, x, y, gradient);
    };
    add_products(tensors.down, g.hidden, modern ? g.dout : g.dmlp);
    add_products(tensors.up, modern ? rows.normal2 : rows.middle, g.dup);
    add_products(tensors.attention_out, rows.attended, modern ? g.dmiddle : g.dsum);
    add_products(tensors.qkv, modern ? rows.normal1 : rows.in, g.dqkv);
    add_row_task(tasks, tensors.mlp_gain, rows.normal2, g.dout, gradient);
    add_row_task(tasks, tensors.mlp_bias, nullptr, g.dout, gradient);
    add_row_task(tasks, tensors.down_bias, nullptr, g.dmlp, gradient);
    add_row_task(tasks, tensors.up_bias, nullptr, g.dup, gradient);
    add_row_task(tasks, tensors.attention_gain, rows.normal1, g.dmiddle, gradient);
    add_row_task(tasks, tensors.attention_bias, nullptr, g.dmiddle, gradient);
    sort_by_size(tasks);
    return tasks;
}

std::vector<WeightGradientTask> output_gradient_tasks(const Model& model, const float* x,
                                                      const float* dlogits, float* gradient) {
    std::vector<WeightGradientTask> tasks;
    add_product_tasks(tasks, model.config.arithmetic, model.layout.output, x, dlogits, gradient);
    add_row_task(tasks, model.layout.output_bias, nullptr, dlogits, gradient);
    sort_by_size(tasks);
    return tasks;
}

void run(const WeightGradientTask& task, std::size_t rows) {
    const std::size_t columns = task.columns;
    switch (task.kind) {
        case WeightGradientTask::Kind::product:
            kernel_table().weight_gradient(task.x, task.inputs, task.y, columns, rows, task.k, task.n, task.g,
                                           columns);
            break;
        case WeightGradientTask::Kind::product_bf16:
            kernel_table().weight_gradient_bf16(task.x, task.inputs, task.y, columns, rows, task.k, task.n,
                                                task.g, columns);
            break;
        case WeightGradientTask::Kind::column_sums:
            kernel_table().column_sums(task.y, columns, rows, task.n, task.g);
            break;
        case WeightGradientTask::Kind::column_products:
            kernel_table().column_products(task.x, columns, task.y, columns, rows, task.n, task.g);
            break;
    }
}

}  // namespace bitlaw::model
