#pragma once
/// \file Where the archives of a damaged file begin and end.

#include <cstdint>
#include <optional>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/archive_index.hpp"

namespace bitlaw::coding {

/// An archive's header whose check matches.
struct WholeHeader {
    ArchiveHeader header;
    std::uint64_t bytes = 0;
};

/// One archive, or what is left of one.
struct ArchiveRemains {
    std::uint64_t begin = 0;  ///< in the file
    std::uint64_t end = 0;
    std::optional<WholeHeader> header;
    std::optional<ArchiveIndex> index;  ///< first_block as a place in the file, modulo 2^64
};

/// The archives of a file by their headers and indexes. One whose header and index are both damaged is taken
/// for a part of the one before it.
[[nodiscard]] std::vector<ArchiveRemains> find_archives(ByteSpan file);

}  // namespace bitlaw::coding
