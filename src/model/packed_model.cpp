#include "bitlaw/model/packed_model.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::model {
namespace {

/// Resizes in whole large pages where the numbers fill an eighth of one or more: every step reads all of
/// them, and small pages cost address translations and, by chance, conflicts in the cache.
template <class Numbers>
void resize_in_pages(Numbers& numbers, std::size_t count) {
    constexpr std::size_t kPage = kLargePageBytes / sizeof(typename Numbers::value_type);
    if (count >= kPage / 8) {
        numbers.reserve((count + kPage - 1) / kPage * kPage);
    }
    numbers.resize(count);
}

}  // namespace

PackedModel::PackedModel(const Model& model, PackFor purpose) : model_(&model), purpose_(purpose) {
    for (const BlockSpec& block : blocks_of(model.spec)) {
        const std::size_t tensors = model.layout.blocks[blocks_.size()].size();
        blocks_.push_back({block, std::vector<PackedMatrix>(tensors), std::vector<PackedMatrix>(tensors)});
    }
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
        const std::vector<Tensor>& tensors = model.layout.blocks[block];
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            if (tensors[i].group == Group::matrix) {
                plan(tensors[i], blocks_[block].forward[i], blocks_[block].backward[i]);
            }
        }
    }
    if (model.spec.head.tied) {
        BITLAW_ASSERT(purpose == PackFor::inference);
        place(model.layout.embedding, true, output_);
    } else {
        plan(model.layout.output, output_, output_back_);
    }
    const bool bf16 = model.spec.arithmetic == Arithmetic::bf16;
    resize_in_pages(fp32_, bf16 ? 0 : size_);
    resize_in_pages(bf16_, bf16 ? size_ : 0);
    for (const Packing& packing : packings_) {
        packing.view->fp32 = bf16 ? nullptr : fp32_.data() + packing.offset;
        packing.view->bf16 = bf16 ? bf16_.data() + packing.offset : nullptr;
    }
    repack();
}

void PackedModel::place(const Tensor& tensor, bool transposed, PackedMatrix& view) {
    const bool bf16 = model_->spec.arithmetic == Arithmetic::bf16;
    view.k = transposed ? tensor.columns : tensor.rows;
    view.n = transposed ? tensor.rows : tensor.columns;
    packings_.push_back({&tensor, transposed, size_, &view});
    size_ += bf16 ? kernels::packed_size_bf16(view.k, view.n) : kernels::packed_size(view.k, view.n);
}

void PackedModel::plan(const Tensor& tensor, PackedMatrix& forward, PackedMatrix& backward) {
    place(tensor, false, forward);
    if (purpose_ == PackFor::training) {
        place(tensor, true, backward);
    }
}

void PackedModel::repack() {
    parallel_for(packings_.size(), [&](std::size_t index) {
        const auto& [tensor, transposed, offset, view] = packings_[index];
        const kernels::Kernels& k = kernels::kernel_table();
        const float* weights = model_->view(*tensor).data();
        if (view->bf16 != nullptr) {
            (transposed ? k.pack_transposed_bf16 : k.pack_bf16)({weights, tensor->columns}, view->k, view->n,
                                                                bf16_.data() + offset);
        } else {
            (transposed ? k.pack_transposed : k.pack)({weights, tensor->columns}, view->k, view->n,
                                                      fp32_.data() + offset);
        }
    });
}

}  // namespace bitlaw::model
