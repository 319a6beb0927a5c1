#pragma once
/// \file Archives that follow each other in one file, as `cat` joins them.

#include <cstdint>
#include <vector>

#include "bitlaw/coding/archive_index.hpp"

namespace bitlaw::coding {

/// One of the archives of a file.
struct ArchiveSpan {
    std::uint64_t begin = 0;  ///< its first byte in the file
    std::uint64_t archive_bytes = 0;
    std::uint64_t plain_bytes = 0;
};

/// The archives of a file, at least one. A single one is found by its header and its index; where there are
/// several, the whole file is read, but nothing decoded. Throws Error where it is damaged.
[[nodiscard]] std::vector<ArchiveSpan> archive_spans(const SeekableSource& file);

/// The part of a file that one archive takes; the file must outlive it.
[[nodiscard]] SeekableSource part_of(const SeekableSource& file, const ArchiveSpan& span);

}  // namespace bitlaw::coding
