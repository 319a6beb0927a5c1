#pragma once
/// \file The archive's structure: header, blocks, trailer, each with its check. It knows ids and lengths;
/// what they mean is the methods' (method.hpp). docs/FORMAT.md specifies the bytes.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/stream.hpp"

namespace bitlaw::coding {

inline constexpr std::array<std::uint8_t, 4> kArchiveMagic{0x89, 'B', 'L', 'W'};
inline constexpr std::array<std::uint8_t, 4> kArchiveEnd{'W', 'L', 'B', 0x89};
/// Format 2 is written only for methods that need it.
inline constexpr std::uint8_t kMaxArchiveVersion = 2;
/// Suffix of archives.
inline constexpr const char* kArchiveSuffix = ".blw";

/// Bounds on what a reader allocates, whatever an archive claims: plain bytes of a block, streams, bytes of a
/// method's own header in a block, bytes of the stack's description in an archive's header.
inline constexpr std::uint64_t kMaxBlockBytes = std::uint64_t{1} << 24;
inline constexpr std::uint64_t kMaxStreams = 4096;
inline constexpr std::uint64_t kMaxOwnBytes = 4096;
inline constexpr std::uint64_t kMaxStackBytes = 65536;

/// How a block is coded. The container knows two of them: the trailer, which is no block, and a stored block,
/// whose payload is the plain bytes, without streams.
using MethodId = std::uint8_t;
inline constexpr MethodId kTrailer = 0;
inline constexpr MethodId kStored = 1;

struct ArchiveHeader {
    std::uint16_t arithmetic_version = 0;
    std::uint64_t model_id = 0;     ///< of the network; format 2: 0 when there is none
    std::uint64_t reset_every = 0;  ///< positions; 0: never
    std::uint64_t model_bytes = 0;  ///< of the embedded model; 0: none
    std::uint8_t version = 1;       ///< the format
    // Format 2 only:
    MethodId method = kTrailer;  ///< the archive's method, whose state runs through all blocks of a chain
    std::uint64_t chain = 0;     ///< plain bytes of a chain, which blocks do not cross; 0: one for all
    std::uint64_t streams = 0;   ///< of a block that the user asked for, at most kMaxStreams; 0: nobody did
    Bytes stack = {};            ///< what rebuilds the method: stack.hpp
};

/// What stands before a block's payload.
struct BlockHeader {
    MethodId method = kStored;
    std::uint64_t plain_bytes = 0;            ///< 1 .. kMaxBlockBytes
    std::vector<std::uint64_t> stream_bytes;  ///< payload bytes of each stream; empty when stored
    std::uint64_t plain_hash = 0;             ///< xxh3-64 of the plain bytes
    Bytes own = {};                           ///< the method's own header; format 2, empty when stored
    [[nodiscard]] std::uint64_t payload_bytes() const;
};

/// A block's line in the trailer's index.
struct IndexEntry {
    std::uint64_t archive_bytes;  ///< header, payload and check
    std::uint64_t plain_bytes;
};

/// The three pieces of structure as bytes; their sizes are the format's whole overhead, with kBlockCheckBytes
/// a block.
[[nodiscard]] Bytes header_bytes(const ArchiveHeader& header);
[[nodiscard]] Bytes block_header_bytes(const BlockHeader& header, std::uint8_t version = 1);
[[nodiscard]] Bytes trailer_bytes(std::span<const IndexEntry> index);
inline constexpr std::uint64_t kBlockCheckBytes = 4;

/// The bytes with which a block's check begins: its number, so that blocks that changed places are found.
[[nodiscard]] Bytes block_number_bytes(std::uint64_t number);

/// Writes an archive from front to back.
class ArchiveWriter {
   public:
    /// Writes the header and the embedded model (empty: none; header.model_bytes is set from it).
    ArchiveWriter(const ByteSink& sink, ArchiveHeader header, ByteSpan model);
    /// Appends a block; `payload` holds the plain bytes or one piece a stream, as the header says. Format 1
    /// has no room for a method's own header.
    void block(const BlockHeader& header, std::span<const ByteSpan> payload);
    void finish();
    [[nodiscard]] std::uint64_t position() const { return position_; }

   private:
    void put(ByteSpan data);
    const ByteSink& sink_;
    std::uint8_t version_;
    std::uint64_t position_ = 0;
    std::vector<IndexEntry> index_;
};

}  // namespace bitlaw::coding
