#pragma once
/// \file The archive's structure: header, blocks, trailer, each with its check. docs/FORMAT.md specifies the
/// bytes.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/stream.hpp"

namespace bitlaw::coding {

inline constexpr std::array<std::uint8_t, 4> kArchiveMagic{0x89, 'B', 'L', 'W'};
inline constexpr std::array<std::uint8_t, 4> kArchiveEnd{'W', 'L', 'B', 0x89};
inline constexpr std::uint8_t kArchiveVersion = 1;
/// Suffix of archives.
inline constexpr const char* kArchiveSuffix = ".blw";

/// Most plain bytes of a block, and most streams: they bound what a reader allocates, whatever an archive
/// claims.
inline constexpr std::uint64_t kMostBlockBytes = std::uint64_t{1} << 24;
inline constexpr std::uint64_t kMostStreams = 4096;

struct ArchiveHeader {
    std::uint16_t arithmetic_version = 0;
    std::uint64_t model_id = 0;
    std::uint64_t reset_every = 0;  ///< positions; 0: never
    std::uint64_t model_bytes = 0;  ///< of the embedded model; 0: none
};

/// stored: the plain bytes; coded: by the model; mixed: without it (coding/mixing.hpp).
enum class BlockKind : std::uint8_t { end = 0, stored = 1, coded = 2, mixed = 3 };

/// What stands before a block's payload.
struct BlockHeader {
    BlockKind kind = BlockKind::stored;
    std::uint64_t plain_bytes = 0;            ///< 1 .. kMostBlockBytes
    std::vector<std::uint64_t> stream_bytes;  ///< payload bytes of each stream; empty when stored
    std::uint64_t plain_hash = 0;             ///< xxh3-64 of the plain bytes
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
[[nodiscard]] Bytes block_header_bytes(const BlockHeader& header);
[[nodiscard]] Bytes trailer_bytes(std::span<const IndexEntry> index);
inline constexpr std::uint64_t kBlockCheckBytes = 4;

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

/// Writes an archive from front to back.
class ArchiveWriter {
   public:
    /// Writes the header and the embedded model (empty: none; header.model_bytes is set from it).
    ArchiveWriter(const ByteSink& sink, ArchiveHeader header, ByteSpan model);
    /// Appends a block; `payload` holds the plain bytes or one piece a stream, as the header says.
    void block(const BlockHeader& header, std::span<const ByteSpan> payload);
    void finish();
    [[nodiscard]] std::uint64_t position() const { return position_; }

   private:
    void put(ByteSpan data);
    const ByteSink& sink_;
    std::uint64_t position_ = 0;
    std::vector<IndexEntry> index_;
};

/// Reads an archive from front to back, from a pipe if need be. Verifies every check; allocates in pieces of
/// at most 64 KiB as bytes really arrive, so that a forged length costs nothing. All throw Error saying where
/// the archive is damaged.
class ArchiveReader {
   public:
    /// Reads the header. The source must outlive the reader.
    explicit ArchiveReader(const ByteSource& source);
    [[nodiscard]] const ArchiveHeader& header() const { return header_; }
    /// The embedded model's bytes, header().model_bytes of them; must be called once, before next_block(), if
    /// there are any.
    [[nodiscard]] Bytes model();
    void skip_model();
    /// Reads the next block's header. False at the end, after the trailer was verified and nothing follows
    /// it.
    [[nodiscard]] bool next_block(BlockHeader& header);
    /// The block's payload, its check verified; must follow every next_block() that returned true.
    [[nodiscard]] Bytes payload();
    void skip_payload();
    /// Goes on with block `number` of the index: the caller sees to it that the source does so too.
    void jump(const ArchiveIndex& index, std::size_t number);

    [[nodiscard]] std::uint64_t position() const { return position_; }
    /// Throws an Error that the archive is damaged here: "... at byte N, in block K: what; what to do next".
    [[noreturn]] void damaged(const std::string& what) const;

   private:
    [[nodiscard]] bool fill();
    void take(std::span<std::uint8_t> out);
    template <class Visit>
    void take_pieces(std::uint64_t count, const Visit& visit);
    std::uint8_t u8();
    std::uint16_t u16();
    std::uint32_t u32();
    std::uint64_t u64();
    std::uint64_t varint(const char* what, std::uint64_t most);
    void begin_check();
    void verify_check(const char* what);
    template <class Visit>
    void payload_pieces(const Visit& visit);
    void read_trailer();
    [[nodiscard]] std::string place() const;

    const ByteSource& source_;
    Bytes buffer_;
    std::size_t used_ = 0;
    std::uint64_t position_ = 0;
    Hasher hasher_;
    ArchiveHeader header_;
    std::string part_ = "the header";
    std::uint64_t block_start_ = 0;
    std::uint64_t payload_left_ = 0;
    std::uint64_t plain_total_ = 0;
    std::vector<IndexEntry> index_;
};

}  // namespace bitlaw::coding
