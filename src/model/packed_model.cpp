#include "bitlaw/model/packed_model.hpp"

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw {
namespace {

/// Floats of one packed operand and, for training, of its transpose.
std::size_t packed_floats(const Tensor& tensor, PackFor purpose) {
    const std::size_t back = purpose == PackFor::training ? packed_size(tensor.columns, tensor.rows) : 0;
    return packed_size(tensor.rows, tensor.columns) + back;
}

}  // namespace

PackedModel::PackedModel(const Model& model, PackFor purpose) : model_(&model), purpose_(purpose) {
    const Layout& layout = model.layout;
    std::size_t floats = packed_floats(layout.output, purpose);
    for (const LayerTensors& layer : layout.layers) {
        for (const Tensor* tensor : {&layer.qkv, &layer.attention_out, &layer.up, &layer.down}) {
            floats += packed_floats(*tensor, purpose);
        }
    }
    memory_.resize(floats);
    const float* next = memory_.data();
    const auto place = [&](std::size_t k, std::size_t n, bool wanted) -> const float* {
        if (!wanted) {
            return nullptr;
        }
        const float* here = next;
        next += packed_size(k, n);
        return here;
    };
    const auto place_pair = [&](const Tensor& tensor, const float*& forward, const float*& back) {
        forward = place(tensor.rows, tensor.columns, true);
        back = place(tensor.columns, tensor.rows, purpose_ == PackFor::training);
    };
    for (const LayerTensors& layer : layout.layers) {
        PackedLayer packed{};
        place_pair(layer.qkv, packed.qkv, packed.qkv_back);
        place_pair(layer.attention_out, packed.attention_out, packed.attention_out_back);
        place_pair(layer.up, packed.up, packed.up_back);
        place_pair(layer.down, packed.down, packed.down_back);
        layers_.push_back(packed);
    }
    place_pair(layout.output, output_, output_back_);
    repack();
}

void PackedModel::repack() {
    struct Task {
        const Tensor* tensor;
        const float* target;
        bool transposed;
    };
    std::vector<Task> tasks;
    const auto add = [&](const Tensor& tensor, const float* forward, const float* back) {
        tasks.push_back({&tensor, forward, false});
        if (back != nullptr) {
            tasks.push_back({&tensor, back, true});
        }
    };
    for (std::size_t index = 0; index < layers_.size(); ++index) {
        const LayerTensors& tensors = model_->layout.layers[index];
        const PackedLayer& packed = layers_[index];
        add(tensors.qkv, packed.qkv, packed.qkv_back);
        add(tensors.attention_out, packed.attention_out, packed.attention_out_back);
        add(tensors.up, packed.up, packed.up_back);
        add(tensors.down, packed.down, packed.down_back);
    }
    add(model_->layout.output, output_, output_back_);
    parallel_for(tasks.size(), [&](std::size_t index) {
        const Task& task = tasks[index];
        const float* weights = model_->view(*task.tensor).data();
        float* target = memory_.data() + (task.target - memory_.data());
        if (task.transposed) {
            kernels().pack_transposed(weights, task.tensor->columns, task.tensor->columns, task.tensor->rows, target);
        } else {
            kernels().pack(weights, task.tensor->columns, task.tensor->rows, task.tensor->columns, target);
        }
    });
}

}  // namespace bitlaw
