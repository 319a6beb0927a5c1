#pragma once
/// \file What compress() and estimate() share: options checked, and the rule by which a block is stored.

#include <cstdint>
#include <optional>
#include <vector>

#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/model/config.hpp"

namespace bitlaw::coding {

struct BlockPlan {
    /// `config`: of the network, null when there is none. Throws UsageError for options out of their bounds.
    BlockPlan(const model::ModelConfig* config, const CompressOptions& options);
    /// Bytes of the block that begins at this byte of the input: blocks do not cross the end of a chain.
    [[nodiscard]] std::uint64_t bytes_at(std::uint64_t position) const;

    std::uint64_t block_bytes;
    std::uint64_t chain_bytes;
    std::uint64_t reset_every;
};

/// The header of a stored block.
[[nodiscard]] BlockHeader stored_header(std::uint64_t plain_bytes, std::uint64_t plain_hash);

/// Bytes of header and payload.
[[nodiscard]] std::uint64_t size_of(const BlockHeader& header, std::uint8_t version);

/// The smaller of the two, `other` only if it is.
[[nodiscard]] BlockHeader smaller(BlockHeader header, BlockHeader other, std::uint8_t version);

}  // namespace bitlaw::coding
