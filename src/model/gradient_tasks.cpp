#include "bitlaw/model/gradient_tasks.hpp"

#include <algorithm>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::model {
namespace {

using kernels::kPanel;

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

}  // namespace

void GradientTasks::product(const Tensor& tensor, const float* x, const float* y) {
    if (watch_) {
        watch_(tensor, x, y);
    }
    const GradientBlock most = gradient_block(arithmetic_, tensor);
    const GradientBlock block{even_cut(tensor.rows, most.rows), even_cut(tensor.columns, most.columns)};
    for (std::size_t row = 0; row < tensor.rows; row += block.rows) {
        for (std::size_t first = 0; first < tensor.columns; first += block.columns) {
            tasks_.push_back(
                {.kind = arithmetic_ == Arithmetic::bf16 ? Task::Kind::product_bf16 : Task::Kind::product,
                 .x = x + row,
                 .y = y + first,
                 .inputs = tensor.rows,
                 .k = std::min(block.rows, tensor.rows - row),
                 .n = std::min(block.columns, tensor.columns - first),
                 .g = gradient_ + tensor.offset + row * tensor.columns + first,
                 .columns = tensor.columns});
        }
    }
}

void GradientTasks::sum(const Tensor& tensor, const float* y) {
    tasks_.push_back({.kind = Task::Kind::sum,
                      .x = nullptr,
                      .y = y,
                      .inputs = tensor.columns,
                      .k = 1,
                      .n = tensor.columns,
                      .g = gradient_ + tensor.offset,
                      .columns = tensor.columns});
}

void GradientTasks::scaled_sum(const Tensor& tensor, const float* x, const float* y) {
    sum(tensor, y);
    tasks_.back().kind = Task::Kind::scaled_sum;
    tasks_.back().x = x;
}

void GradientTasks::run(std::size_t rows) {
    // The largest first, so that the threads end together.
    std::stable_sort(tasks_.begin(), tasks_.end(),
                     [](const Task& a, const Task& b) { return a.k * a.n > b.k * b.n; });
    parallel_for(tasks_.size(), [&](std::size_t index) { run(tasks_[index], rows); });
}

void GradientTasks::run(const Task& task, std::size_t rows) {
    const kernels::Kernels& k = kernels::kernel_table();
    const std::size_t columns = task.columns;
    switch (task.kind) {
        case Task::Kind::product:
            k.weight_gradient({task.x, task.inputs}, {task.y, columns}, rows, task.k, task.n,
                              {task.g, columns});
            break;
        case Task::Kind::product_bf16:
            k.weight_gradient_bf16({task.x, task.inputs}, {task.y, columns}, rows, task.k, task.n,
                                   {task.g, columns});
            break;
        case Task::Kind::sum: k.column_sums({task.y, columns}, rows, task.n, task.g); break;
        case Task::Kind::scaled_sum:
            k.column_products({task.x, columns}, {task.y, columns}, rows, task.n, task.g);
            break;
    }
}

}  // namespace bitlaw::model
