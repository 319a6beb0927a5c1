#include "bitlaw/model/spec.hpp"

#include <algorithm>

namespace bitlaw::model {
namespace {

template <class Visit>
void each_tensor(const NetworkSpec& network, const Visit& visit) {
    const auto visit_all = [&](const std::vector<TensorSpec>& tensors) {
        std::for_each(tensors.begin(), tensors.end(), visit);
    };
    visit_all(embedding_tensors(network.embedding));
    for (const BlockSpec& block : blocks_of(network)) {
        visit_all(block.kind->tensors(block));
        visit_all(norm_tensors(block));
    }
    visit_all(head_tensors(network.head));
}

}  // namespace

std::vector<BlockSpec> blocks_of(const NetworkSpec& network) {
    std::vector<BlockSpec> blocks;
    for (const std::vector<BlockSpec>& layer : network.layers) {
        blocks.insert(blocks.end(), layer.begin(), layer.end());
    }
    return blocks;
}

std::vector<TensorSpec> embedding_tensors(const EmbeddingSpec& e) {
    return {{"embedding", e.alphabet, e.width, Group::table, Init::zero},
            {"taps", e.taps, e.width, Group::table, Init::zero}};
}

std::vector<TensorSpec> head_tensors(const HeadSpec& h) {
    return {{"output", h.tied ? 0 : h.width, h.alphabet, Group::output, h.init},
            {"output_bias", h.bias ? std::size_t{1} : 0, h.alphabet, Group::vector, Init::zero},
            {"output_gain", h.gain ? std::size_t{1} : 0, h.width, Group::vector, Init::one}};
}

std::vector<TensorSpec> norm_tensors(const BlockSpec& block) {
    if (block.norm == Norm::pre_rms) {
        return {};
    }
    const std::string name = block.kind->name;
    if (block.norm == Norm::pre_rms_gain) {
        return {{name + "_gain", 1, block.width, Group::vector, Init::one}};
    }
    return {{name + "_gain", 1, block.width, Group::vector, Init::one},
            {name + "_bias", 1, block.width, Group::vector, Init::zero}};
}

std::uint64_t parameter_count(const NetworkSpec& network) {
    std::uint64_t count = 0;
    each_tensor(network, [&](const TensorSpec& tensor) { count += tensor.size(); });
    return count;
}

std::uint64_t multiplied_parameter_count(const NetworkSpec& network) {
    std::uint64_t count = 0;
    each_tensor(network,
                [&](const TensorSpec& tensor) { count += tensor.group == Group::table ? 0 : tensor.size(); });
    return count + (network.head.tied ? network.head.width * network.head.alphabet : 0);
}

double forward_flops(const NetworkSpec& network, std::uint64_t first, std::uint64_t count) {
    double flops =
        2.0 * static_cast<double>(multiplied_parameter_count(network)) * static_cast<double>(count);
    for (const BlockSpec& block : blocks_of(network)) {
        flops += block.kind->mixing != nullptr ? block.kind->mixing->flops(block, first, count) : 0.0;
    }
    return flops;
}

StateSize stream_state(const NetworkSpec& network) {
    StateSize size;
    for (const BlockSpec& block : blocks_of(network)) {
        if (block.kind->mixing != nullptr) {
            const StateSize more = block.kind->mixing->step_state(block, 1);
            size.floats += more.floats;
            size.halves += more.halves;
        }
    }
    return size;
}

std::size_t gradient_pieces(const NetworkSpec& network, std::size_t positions) {
    std::size_t pieces = 0;
    for (const BlockSpec& block : blocks_of(network)) {
        if (block.kind->mixing != nullptr) {
            const std::size_t here = block.kind->mixing->backward_tasks(block, positions);
            pieces = pieces == 0 ? here : std::min(pieces, here);
        }
    }
    return std::max<std::size_t>(pieces, 1);
}

}  // namespace bitlaw::model
