#pragma once
/// \file How an input is compressed.

#include <cstdint>
#include <optional>
#include <span>

#include "bitlaw/coding/method_table.hpp"
#include "bitlaw/coding/progress.hpp"

namespace bitlaw::coding {

/// What becomes of a block whose code by the archive's method is not smaller than the block.
enum class Fallback {
    never,  ///< it is stored: an archive's rate is the model's, and nothing else's
    worse,  ///< it is coded by seven contexts, mixed, where that is smaller than storing
    best,  ///< every block is coded by whatever is smallest, also where the method would have made it smaller
};

struct CompressOptions {
    std::uint64_t block_bytes = 16'000'000;  ///< input bytes of a block: 1 .. 2^24 (kMaxBlockBytes)
    std::optional<std::size_t> streams;  ///< streams of a block, 1 .. 4096 and at most its bytes; chosen from
                                         ///< its length when not set
    std::optional<std::uint64_t> reset_every;  ///< default_reset(config) when not set
    bool embed_model = false;                  ///< puts the coding weights into the archive
    Fallback fallback = Fallback::never;
    CodecProgress progress;
    /// The archive's own method. One that needs format 2 is rebuilt from `stack`, and may be chained: over
    /// chain_bytes of input, 0: all of it.
    MethodId method = kNetwork;
    Stack stack = {};
    std::uint64_t chain_bytes = 0;
    /// Another stack for the same method, without a network: the archive has it, from the first block on,
    /// when the first block is then smaller. `fallback` says when it is tried; seven contexts are not tried
    /// beside a stack that mixes.
    std::optional<Stack> alternative = {};
    std::span<const Method> table = methods();
};

}  // namespace bitlaw::coding
