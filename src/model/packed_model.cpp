#include "bitlaw/model/packed_model.hpp"

#include "bitlaw/base/parallel.hpp"

namespace bitlaw::model {

using namespace kernels;

void multiply(const PackedMatrix& w, const float* a, std::size_t lda, std::size_t rows, ChainStart start,
              const float* bias, float* c, std::size_t ldc) {
    if (w.bf16 != nullptr) {
        kernel_table().product_bf16(a, lda, rows, w.bf16, w.k, w.n, start, bias, c, ldc);
    } else {
        kernel_table().product(a, lda, rows, w.fp32, w.k, w.n, start, bias, c, ldc);
    }
}

PackedModel::PackedModel(const Model& model, PackFor purpose) : model_(&model), purpose_(purpose) {
    const Layout& layout = model.layout;
    const bool bf16 = model.config.arithmetic == Arithmetic::bf16;
    const bool training = purpose == PackFor::training;
    const auto packed = [bf16](std::size_t k, std::size_t n) {
        return bf16 ? packed_size_bf16(k, n) : packed_size(k, n);
    };
    std::size_t size = 0;
    const auto measure = [&](const Tensor& tensor) {
        size += packed(tensor.rows, tensor.columns) + (training ? packed(tensor.columns, tensor.rows) : 0);
    };
    for (const LayerTensors& layer : layout.layers) {
        for (const Tensor* tensor : layer.matrices()) {
            measure(*tensor);
        }
    }
    measure(layout.output);
    fp32_.resize(bf16 ? 0 : size);
    bf16_.resize(bf16 ? size : 0);

    std::size_t next = 0;
    const auto place = [&](std::size_t k, std::size_t n) {
        const std::size_t here = next;
        next += packed(k, n);
        return PackedMatrix{.fp32 = bf16 ? nullptr : fp32_.data() + here,
                            .bf16 = bf16 ? bf16_.data() + here : nullptr,
                            .k = k,
                            .n = n};
    };
    const auto place_pair = [&](const Tensor& tensor, PackedMatrix& forward, PackedMatrix& back) {
        forward = place(tensor.rows, tensor.columns);
        if (training) {
            back = place(tensor.columns, tensor.rows);
        }
    };
    for (const LayerTensors& layer : layout.layers) {
        PackedLayer& matrices = layers_.emplace_back();
        place_pair(layer.qkv, matrices.qkv, matrices.qkv_back);
        place_pair(layer.attention_out, matrices.attention_out, matrices.attention_out_back);
        place_pair(layer.up, matrices.up, matrices.up_back);
        place_pair(layer.down, matrices.down, matrices.down_back);
    }
    place_pair(layout.output, output_, output_back_);
    repack();
}

void PackedModel::repack() {
    struct Task {
        const Tensor* tensor;
        PackedMatrix target;
        bool transposed;
    };
    std::vector<Task> tasks;
    const auto add = [&](const Tensor& tensor, const PackedMatrix& forward, const PackedMatrix& back) {
        tasks.push_back({&tensor, forward, false});
        if (purpose_ == PackFor::training) {
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
        const auto& [tensor, target, transposed] = tasks[index];
        const Kernels& k = kernel_table();
        const float* weights = model_->view(*tensor).data();
        const std::size_t columns = tensor->columns;
        if (target.bf16 != nullptr) {
            std::uint16_t* packed = bf16_.data() + (target.bf16 - bf16_.data());
            (transposed ? k.pack_transposed_bf16 : k.pack_bf16)(weights, columns, target.k, target.n, packed);
        } else {
            float* packed = fp32_.data() + (target.fp32 - fp32_.data());
            (transposed ? k.pack_transposed : k.pack)(weights, columns, target.k, target.n, packed);
        }
    });
}

}  // namespace bitlaw::model
