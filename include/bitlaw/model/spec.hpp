#pragma once
/// \file A network as data: embedding, layers made of blocks, head; and all counts that follow from it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bitlaw/model/block.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::model {

/// stream[t] = factor e(s[t]) + sum over j = 1 .. taps of tap_j * e(s[t - j]), element by element, e the rows
/// of a table [V, C].
struct EmbeddingSpec {
    std::size_t alphabet = 0;  ///< V
    std::size_t width = 0;     ///< C
    std::size_t taps = 0;      ///< earlier symbols whose embeddings enter a position directly
    float factor = 1;
    double deviation = 1;  ///< of the table's first values, normal, cut at two deviations
};

/// Angles position * base^(-2i/D), for all blocks that turn queries and keys.
struct RotarySpec {
    std::uint32_t base = 0;  ///< longest wavelength / 2 pi
    std::size_t width = 0;   ///< D; 0: nothing is turned
};

/// logits = norm(stream) W + bias, W [C, V].
struct HeadSpec {
    std::size_t width = 0;     ///< C
    std::size_t alphabet = 0;  ///< V
    bool rms_norm = false;     ///< without gains; false: no norm
    bool bias = false;
    Init init = Init::zero;
    bool gain = false;      ///< of the norm
    float epsilon = 1e-6F;  ///< of a norm with gains
    bool tied = false;      ///< W is the embedding's table, transposed; such a network has no gradient
};

/// A network, embedding to logits.
struct NetworkSpec {
    Arithmetic arithmetic = Arithmetic::fp32;  ///< of products with weights
    EmbeddingSpec embedding = {};
    RotarySpec rotary = {};
    std::vector<std::vector<BlockSpec>> layers = {};
    HeadSpec head = {};
    std::uint64_t longest_context = 0;  ///< positions after which a context starts afresh; 0: never
};

/// All blocks, layer by layer.
[[nodiscard]] std::vector<BlockSpec> blocks_of(const NetworkSpec& network);

/// Tensors outside the layers: table [V, C] and taps [taps, C]; output [C, V] (none when tied), its bias [1,
/// V] and the gain of its norm [1, C].
[[nodiscard]] std::vector<TensorSpec> embedding_tensors(const EmbeddingSpec& embedding);
[[nodiscard]] std::vector<TensorSpec> head_tensors(const HeadSpec& head);
/// Tensors of a block's norm: gain and bias [1, C], a gain, or none.
[[nodiscard]] std::vector<TensorSpec> norm_tensors(const BlockSpec& block);

[[nodiscard]] std::uint64_t parameter_count(const NetworkSpec& network);
/// Parameters that a token's operations touch: all but tables, since a look-up costs no operation.
[[nodiscard]] std::uint64_t multiplied_parameter_count(const NetworkSpec& network);
/// Floating-point operations (a multiply-add is 2) of one forward pass over positions first .. first+count-1
/// of one context: 2 per multiplied parameter and position, and what blocks compute between positions.
[[nodiscard]] double forward_flops(const NetworkSpec& network, std::uint64_t first, std::uint64_t count);
/// Numbers that one stream keeps of its past, in all blocks.
[[nodiscard]] StateSize stream_state(const NetworkSpec& network);
/// Independent pieces that the gradient of one sequence is cut into, in the block that has the fewest; 1
/// where no block mixes positions.
[[nodiscard]] std::size_t gradient_pieces(const NetworkSpec& network, std::size_t positions);

}  // namespace bitlaw::model
