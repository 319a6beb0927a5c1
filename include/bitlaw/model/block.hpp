#pragma once
/// \file A block: one kind of step from the residual stream back into it, as a table of functions.
///
/// A network is a stack of blocks, each stream' = stream + f(norm(stream)) or norm(stream + f(stream)). Norm
/// and sum are the caller's (model/rows.hpp); a block computes f over some rows (tokens) at a time, and tells
/// which tensors, values and state it needs. All that is counted, saved, packed, kept and learned follows
/// from that. A new kind is one file in src/model/blocks and one line in model/blocks.hpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bitlaw/base/aligned.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "bitlaw/model/config.hpp"
#include "bitlaw/model/gradient_tasks.hpp"
#include "bitlaw/model/packed_matrix.hpp"
#include "bitlaw/model/tensor.hpp"

namespace bitlaw::model {

struct Block;

/// Where a block's norm stands. The tensors of norms lie behind those of all blocks of their layer.
enum class Norm : std::uint8_t {
    pre_rms,       ///< stream + f(rms_norm(stream)), without gains
    post_layer,    ///< layer_norm(stream + f(stream)), with gains and biases
    pre_rms_gain,  ///< stream + f(gain * rms_norm(stream)), with an epsilon of the network's own
};

/// Whether a norm stands before its block.
[[nodiscard]] constexpr bool stands_before(Norm norm) { return norm != Norm::post_layer; }

/// What is applied to every element of a hidden layer.
struct Activation {
    const char* name;
    void (*kernels::Kernels::*forward)(const float* x, std::size_t n, float* y);
    void (*kernels::Kernels::*backward)(const float* x, const float* dy, std::size_t n, float* dx);
};
inline constexpr Activation kGelu = {"gelu", &kernels::Kernels::gelu, &kernels::Kernels::gelu_backward};
inline constexpr Activation kSquaredRelu = {"squared relu", &kernels::Kernels::squared_relu,
                                            &kernels::Kernels::squared_relu_backward};

/// For blocks that attend.
struct AttentionOptions {
    std::size_t heads = 0;       ///< H
    std::size_t kv_heads = 0;    ///< Hkv, divides H
    std::size_t head_width = 0;  ///< D, even; what is no multiple of 16 is computed with zeros behind
    std::size_t window = 0;      ///< W: keys that a query sees, itself included
    bool qk_norm = false;        ///< queries and keys are normalised, so that no score exceeds 10
    CachePrecision cache = CachePrecision::fp32;
};

/// For blocks with a hidden layer.
struct HiddenOptions {
    std::size_t width = 0;  ///< F
    const Activation* activation = nullptr;
    bool biases = false;
};

/// One block of a network: its kind, and what it is made with. Kinds read the options that they know.
struct BlockSpec {
    const Block* kind = nullptr;
    std::size_t width = 0;  ///< C
    Norm norm = Norm::pre_rms;
    Init residual = Init::zero;  ///< how the projection back into the stream begins
    AttentionOptions attention = {};
    HiddenOptions hidden = {};
    float epsilon = 1e-6F;  ///< of a norm with gains
};

/// Values of a row that a block may have, and gradients.
inline constexpr std::size_t kMaxValues = 8;

/// How long a value of a row is needed.
enum class Lifetime : std::uint8_t {
    tile,     ///< inside one call
    kept,     ///< until the backward pass, if there is one
    crosses,  ///< kept, and positions read each other's, so all rows have it at the same time
};

/// One array of floats that rows of a block need.
struct Value {
    std::size_t width;  ///< floats a row; 0: not needed here
    Lifetime lifetime;
    /// The value whose memory it may take where nothing is kept; itself by default.
    std::size_t shares = kMaxValues;
};

/// A block of a model that is ready to run.
struct BlockView {
    const BlockSpec& spec;
    const Tensor* tensors;         ///< in the order of Block::tensors
    const PackedMatrix* forward;   ///< of each tensor, where it is a matrix
    const PackedMatrix* backward;  ///< of its transpose; not packed for inference
    const float* weights;          ///< [parameters]
    [[nodiscard]] const float* vector(std::size_t tensor) const { return weights + tensors[tensor].offset; }
};

/// n rows inside a block.
struct BlockRows {
    const float* in;                       ///< [n, C] what f reads
    float* sum;                            ///< [n, C] holds the stream; f's result is added
    std::array<float*, kMaxValues> value;  ///< [n, width] each, in the order of Block::values
    const float* cosine;                   ///< [n, D/2] the rows' rotary angles
    const float* sine;                     ///< [n, D/2]
};

/// Gradients of n rows inside a block; `d` stands for d(loss) / d(value).
struct BlockGradients {
    const float* dsum;                     ///< [n, C] comes in
    float* din;                            ///< [n, C] goes out
    kernels::ChainStart start;             ///< what the chains of din begin with
    std::array<float*, kMaxValues> value;  ///< [n, width] each, in the order of Block::gradients
};

/// Numbers that blocks keep of the positions before, for each stream.
struct StateSize {
    std::size_t floats = 0;
    std::size_t halves = 0;
};
struct BlockState {
    explicit BlockState(StateSize size) : floats(size.floats), halves(size.halves) {}
    Floats floats;
    Halves halves;
    std::size_t rows = 0;  ///< that are there
};

/// What a block does between the rows of a stream: the only part that sees other positions. Pointers in
/// BlockRows and BlockGradients are those of the first position's row. Class A throughout: whole sequences,
/// positions one by one, and pieces of any length give the same bits.
struct Mixing {
    // ---- whole sequences of `positions` that begin with nothing before them
    // -----------------------------------------------------------------------

    /// Independent pieces of a sequence, the longest first.
    std::size_t (*tasks)(const BlockSpec& spec, std::size_t positions);
    std::size_t (*backward_tasks)(const BlockSpec& spec, std::size_t positions);
    /// Floats of scratch memory for one piece, forward or backward.
    std::size_t (*scratch)(const BlockSpec& spec, std::size_t positions);
    void (*forward)(const BlockSpec& spec, const BlockRows& rows, std::size_t positions, std::size_t task,
                    float* scratch);
    void (*backward)(const BlockSpec& spec, const BlockRows& rows, const BlockGradients& gradients,
                     std::size_t positions, std::size_t task, float* scratch);

    // ---- streams that go on. `position` counts from the start of the context; at 0 a state is as new.
    // -----------------------------------------------------------------------

    /// Streams [streams] that advance one position at a time, in step.
    StateSize (*step_state)(const BlockSpec& spec, std::size_t streams);
    std::size_t (*step_scratch)(const BlockSpec& spec);
    void (*step)(const BlockSpec& spec, const BlockRows& rows, std::size_t streams, std::uint64_t position,
                 BlockState& state, float* scratch);
    /// One stream that advances by up to `most` positions at a time.
    StateSize (*piece_state)(const BlockSpec& spec, std::size_t most);
    std::size_t (*piece_scratch)(const BlockSpec& spec, std::size_t most);
    void (*piece)(const BlockSpec& spec, const BlockRows& rows, std::size_t n, std::uint64_t position,
                  BlockState& state, float* scratch);
    /// Floating-point operations of positions first .. first+count-1 of a context.
    double (*flops)(const BlockSpec& spec, std::uint64_t first, std::uint64_t count);
};

/// A kind of block. All row functions are serial, and rows are independent of each other: however they are
/// cut into calls, bits are the same (class A).
struct Block {
    const char* name;
    /// Its tensors, in the order of files.
    std::vector<TensorSpec> (*tensors)(const BlockSpec& spec);
    std::vector<Value> (*values)(const BlockSpec& spec);
    /// Widths of the gradients that are needed until those of the weights are made.
    std::vector<std::size_t> (*gradients)(const BlockSpec& spec);

    /// in -> values that positions read of each other; null where they do not.
    void (*begin)(const BlockView& block, const BlockRows& rows, std::size_t n);
    /// The rest: adds f to sum. Without `begin`: all.
    void (*finish)(const BlockView& block, const BlockRows& rows, std::size_t n);
    /// dsum -> gradients. Without `begin`: din too.
    void (*finish_backward)(const BlockView& block, const BlockRows& rows, const BlockGradients& gradients,
                            std::size_t n);
    /// Gradients -> din; null as `begin`.
    void (*begin_backward)(const BlockView& block, const BlockRows& rows, const BlockGradients& gradients,
                           std::size_t n);
    /// Where the gradients of the tensors come from. Pointers are those of the batch's first row.
    void (*weight_gradients)(const BlockView& block, const BlockRows& rows, const BlockGradients& gradients,
                             GradientTasks& tasks);
    /// Null where positions do not read each other.
    const Mixing* mixing;
};

}  // namespace bitlaw::model
