#pragma once
/// \file The kinds of blocks that there are.

#include "bitlaw/model/block.hpp"

namespace bitlaw::model {

extern const Block kAttention;  ///< softmax attention with rotary positions over a sliding window
extern const Block kMlp;        ///< activation(x U) D
extern const Block kSiluGatedMlp, kSquaredReluGatedMlp;  ///< (gate(x G) * (x U)) D

/// All of them.
inline constexpr const Block* kBlocks[] = {&kAttention, &kMlp, &kSiluGatedMlp, &kSquaredReluGatedMlp};

}  // namespace bitlaw::model
