#include "bitlaw/learn/adamw.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/kernels.hpp"

namespace bitlaw::learn {

using namespace kernels;
using namespace model;

namespace {

// 4 arrays of 64 KiB: they fit a level 2 cache together. Elements are independent, so the size never shows in
// the result.
constexpr std::size_t kChunk = 16'384;

}  // namespace

AdamW::AdamW(const Layout& layout, const AdamOptions& options, AdamTensors tensors) : options_(options) {
    for (const Tensor& tensor : layout.tensors()) {
        if (tensor.group == Group::matrix && tensors == AdamTensors::all_but_hidden_matrices) {
            continue;
        }
        // Weight decay is for the operands of products. The embedding is a table whose rows are not all
        // touched in a step, and gains and biases have no scale to restrain.
        const bool decays = tensor.group == Group::matrix || tensor.group == Group::output;
        for (std::size_t first = 0; first < tensor.size(); first += kChunk) {
            chunks_.push_back({tensor.offset + first, std::min(kChunk, tensor.size() - first), decays});
        }
    }
    moments_.first.resize(layout.size);
    moments_.second.resize(layout.size);
}

void AdamW::step(std::span<const float> gradient, double learning_rate, float gradient_scale,
                 std::span<float> weights) {
    BITLAW_ASSERT(gradient.size() == moments_.first.size() && weights.size() == moments_.first.size());
    moments_.beta1_power *= options_.beta1;
    moments_.beta2_power *= options_.beta2;
    const AdamStep decayed{
        .learning_rate = static_cast<float>(learning_rate),
        .beta1 = static_cast<float>(options_.beta1),
        .beta2 = static_cast<float>(options_.beta2),
        .epsilon = static_cast<float>(options_.epsilon),
        .weight_decay = static_cast<float>(options_.weight_decay),
        .bias_correction1 = static_cast<float>(1.0 / (1.0 - moments_.beta1_power)),
        .bias_correction2 = static_cast<float>(1.0 / (1.0 - moments_.beta2_power)),
        .gradient_scale = gradient_scale,
    };
    AdamStep plain = decayed;
    plain.weight_decay = 0.0F;
    const Kernels& kernel = kernel_table();
    parallel_for(chunks_.size(), [&](std::size_t index) {
        const Chunk& chunk = chunks_[index];
        kernel.adam(chunk.decays ? decayed : plain, gradient.data() + chunk.first, chunk.count,
                    weights.data() + chunk.first, moments_.first.data() + chunk.first,
                    moments_.second.data() + chunk.first);
    });
}

void AdamW::restore(AdamMoments moments) {
    BITLAW_ASSERT(moments.first.size() == moments_.first.size());
    BITLAW_ASSERT(moments.second.size() == moments_.second.size());
    moments_ = std::move(moments);
}

}  // namespace bitlaw::learn
