#pragma once
/// \file What a pass through the network keeps in memory: M tokens of whole sequences, all layers.

#include "bitlaw/base/aligned.hpp"

namespace bitlaw::model {

/// Activations of one layer for all M tokens, kept from the forward to the backward pass.
struct LayerActivations {
    Floats normal1;    // [M, C]
    Floats inverse1;   // [M]
    Floats qkv;        // [M, (H + 2 Hkv) D]
    Floats q_inverse;  // [M, H]        modern
    Floats k_inverse;  // [M, Hkv]      modern
    Floats maximum;    // [M, H]
    Floats sum;        // [M, H] attention's 1 / denominator
    Floats attended;   // [M, H D]
    Floats middle;     // [M, C]        vanilla
    Floats normal2;    // [M, C]
    Floats inverse2;   // [M]
    Floats up;         // [M, F]
    Floats out;        // [M, C]        vanilla
};

/// Gradients of one layer for all M tokens; every layer uses the same memory.
struct GradientBuffers {
    Floats dout;       // [M, C]
    Floats din;        // [M, C]
    Floats hidden;     // [M, F]
    Floats dup;        // [M, F]
    Floats dmlp;       // [M, C]        vanilla
    Floats dmiddle;    // [M, C]
    Floats dsum;       // [M, C]        vanilla
    Floats dattended;  // [M, H D]
    Floats dqkv;       // [M, (H + 2 Hkv) D]
};

/// Scratch memory of one worker.
struct Worker {
    Floats hidden;      // [kTileRows, F]
    Floats dnormal;     // [kTileRows, C]
    Floats attention;   // what the attention kernels ask for
    Floats numerators;  // [kTileRows, V]
};

}  // namespace bitlaw::model
