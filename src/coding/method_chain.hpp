#pragma once
/// \file The methods of one archive at work: opened when first needed, anew in every chain.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/method.hpp"

namespace bitlaw::coding {

/// The same for writer and reader, which both pass every block of a chain through it.
class MethodChain {
   public:
    /// The header says which method is the archive's own. The table must outlive the chain. Throws Error when
    /// the table lacks that method.
    MethodChain(std::span<const Method> table, const ArchiveHeader& header, MethodContext context);
    /// The next block begins at this byte of the plain text.
    void begin_block(std::uint64_t position);
    /// The method with this id, at work on this chain.
    [[nodiscard]] BlockCoder& coder(MethodId id);
    /// The block has passed. `seen`: the archive's own method encoded or decoded it; otherwise it follows.
    void end_block(bool seen, ByteSpan plain);
    /// Where a reader must begin for the block that begins at this byte: at its chain's first.
    [[nodiscard]] std::uint64_t replay_from(std::uint64_t position) const;

   private:
    struct Open {
        MethodId id;
        std::unique_ptr<BlockCoder> coder;
    };
    std::span<const Method> table_;
    MethodContext context_;
    std::uint8_t version_;
    MethodId own_;
    std::uint64_t chain_bytes_;
    bool chained_;
    std::vector<Open> open_;
};

}  // namespace bitlaw::coding
