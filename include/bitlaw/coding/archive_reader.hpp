#pragma once
/// \file Reads the archive's structure, of every format version.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/archive_index.hpp"
#include "bitlaw/coding/stream.hpp"

namespace bitlaw::coding {

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
    /// Reads the next block's header. False at the archive's end, after the trailer was verified.
    [[nodiscard]] bool next_block(BlockHeader& header);
    /// The block's payload, its check verified; must follow every next_block() that returned true.
    [[nodiscard]] Bytes payload();
    void skip_payload();
    /// Goes on with block `number` of the index, also after an Error: the caller sees to it that the source
    /// does so too.
    void jump(const ArchiveIndex& index, std::size_t number);

    /// After next_block() was false: whether another archive follows, whose header is read then. Throws Error
    /// when something else follows.
    [[nodiscard]] bool next_archive();

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
    std::uint64_t varint(const char* what, std::uint64_t max);
    void begin_check();
    void verify_check(const char* what);
    template <class Visit>
    void payload_pieces(const Visit& visit);
    void read_header();
    void read_streams(BlockHeader& header);
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
