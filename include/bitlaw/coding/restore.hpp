#pragma once
/// \file Restore archives, wholly or a range of them, and tell what they hold.

#include <cstdint>
#include <map>
#include <span>

#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/archive_index.hpp"
#include "bitlaw/coding/method_table.hpp"
#include "bitlaw/coding/model_finder.hpp"
#include "bitlaw/coding/progress.hpp"
#include "bitlaw/coding/stream.hpp"

namespace bitlaw::coding {

struct CodecSummary {
    std::uint64_t plain_bytes = 0;
    std::uint64_t archive_bytes = 0;  ///< embedded model included
    std::uint64_t model_bytes = 0;    ///< of archive_bytes: the embedded model
    std::uint64_t blocks = 0;
    std::map<MethodId, std::uint64_t> blocks_by_method;
    std::uint64_t streams = 0;         ///< over all blocks
    std::uint64_t replayed_bytes = 0;  ///< plain bytes decoded only because a range's chain began before it

    [[nodiscard]] std::uint64_t blocks_of(MethodId method) const;
    /// Blocks of methods that are tried beside an archive's own (Method::is_fallback).
    [[nodiscard]] std::uint64_t fallback_blocks() const;
    /// Adds what another archive holds.
    CodecSummary& operator+=(const CodecSummary& other);
};

/// Restores an archive, or several that follow each other, as one text; uses the embedded model when there is
/// one, otherwise the finder's. Verifies every hash; bytes already given to the sink before an error must be
/// thrown away by the caller.
CodecSummary decompress(const ModelFinder& find, const ByteSource& source, const ByteSink& sink,
                        const CodecProgress& progress, const ModelNotice& notice = {},
                        std::span<const Method> table = methods());

/// Restores the plain bytes begin .. end-1 (or to the end, if that comes first), found by the index: only the
/// header, the index and the blocks that hold them are read and verified, and where blocks form a chain those
/// before them in it. The summary's archive bytes are those, its plain bytes what was given to the sink.
/// Throws Error when `begin` lies beyond the end.
CodecSummary decompress_range(const ModelFinder& find, const SeekableSource& source, std::uint64_t begin,
                              std::uint64_t end, const ByteSink& sink, const CodecProgress& progress,
                              const ModelNotice& notice = {}, std::span<const Method> table = methods());

/// What an archive's header, block headers and trailer say, without decoding (structure and hashes of headers
/// checked).
struct ArchiveListing {
    std::uint64_t archives = 0;  ///< that follow each other; the first one's facts stand here, and their sum
    bool one_model = true;       ///< all need the same one
    std::uint8_t version = 1;
    std::uint64_t model_id = 0;
    bool embedded = false;  ///< in each of them
    std::uint16_t arithmetic_version = 0;
    std::uint64_t reset_every = 0;
    CodecSummary summary;
};
[[nodiscard]] ArchiveListing list_archive(const ByteSource& source,
                                          std::span<const Method> table = methods());

/// Adds one block to the summary's counts.
void count_block(CodecSummary& summary, const BlockHeader& header);

}  // namespace bitlaw::coding
