#pragma once
/// \file An archive's index, found from its end.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bitlaw/coding/archive.hpp"

namespace bitlaw::coding {

/// Bytes at known places, such as a regular file.
struct SeekableSource {
    std::uint64_t bytes = 0;
    /// Fills the buffer from `offset` on and returns how many bytes it put there; fewer only at the end.
    std::function<std::size_t(std::uint64_t offset, std::span<std::uint8_t>)> read_at;
};

/// The index of an archive, found from its last 8 bytes, and where its first block begins. Verifies the
/// trailer's check and that lengths add up. Allocates at most 8 bytes for each byte of the trailer.
struct ArchiveIndex {
    std::vector<IndexEntry> blocks;
    std::uint64_t first_block = 0;  ///< offset in the archive
    std::uint64_t plain_bytes = 0;
};
[[nodiscard]] ArchiveIndex read_index(const SeekableSource& archive);

}  // namespace bitlaw::coding
