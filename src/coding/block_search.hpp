#pragma once
/// \file Where the whole blocks of a damaged archive lie.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/archive_index.hpp"

namespace bitlaw::coding {

/// A block whose check matches.
struct WholeBlock {
    std::uint64_t number = 0;
    std::uint64_t begin = 0;  ///< in the file
    std::uint64_t bytes = 0;  ///< with its check
    BlockHeader header;
};

/// A header as it reads, which is not verified.
struct ReadHeader {
    BlockHeader header;
    std::uint64_t bytes = 0;  ///< of the header alone
    [[nodiscard]] std::uint64_t block_bytes() const {
        return bytes + header.payload_bytes() + kBlockCheckBytes;
    }
};

/// What stands at the beginning of `bytes`, if it can be a block's header.
[[nodiscard]] std::optional<ReadHeader> read_block_header(ByteSpan bytes, std::uint8_t version);

/// The whole blocks of the archive that takes bytes begin .. end-1 of the file, in order of their numbers and
/// places; its first block stands at `begin` or, when things were cut out or put in, behind it. `index`: of
/// the archive, null when it has none that is whole.
[[nodiscard]] std::vector<WholeBlock> find_blocks(ByteSpan file, std::uint64_t begin, std::uint64_t end,
                                                  std::uint8_t version, const ArchiveIndex* index);

}  // namespace bitlaw::coding
