#pragma once
/// \file Decodes single blocks of an archive of which not everything is there.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/model_finder.hpp"
#include "block_search.hpp"
#include "decoder.hpp"

namespace bitlaw::coding {

/// A header for blocks that need neither a model nor blocks before them.
[[nodiscard]] ArchiveHeader free_header(std::uint8_t version);

/// Decodes blocks from wherever they stand, under a header that need not stand in the file.
class BlockRestorer {
   public:
    /// `model`: the embedded one, empty for none. All that is handed over must outlive the restorer. Throws
    /// Error when the header is not one that this program can read.
    BlockRestorer(const ModelFinder& find, ByteSpan file, ArchiveHeader header, ByteSpan model);
    BlockRestorer(const BlockRestorer&) = delete;
    BlockRestorer& operator=(const BlockRestorer&) = delete;

    /// The block's plain bytes; it begins at byte `position` of the archive's. Throws Error when it cannot be
    /// restored.
    [[nodiscard]] Bytes restore(const WholeBlock& block, std::uint64_t position);
    /// Why a model was not found, after an Error that it caused.
    [[nodiscard]] std::exception_ptr model_failure() const { return model_failure_; }

   private:
    ByteSpan file_;
    Bytes front_;  // header and model
    bool in_front_ = true;
    std::size_t place_ = 0;                   // in front_ or file_
    std::uint64_t next_ = ~std::uint64_t{0};  // the block that the reader stands before
    std::uint64_t place_of_next_ = 0;
    ModelFinder find_;
    ModelNotice notice_;
    CodecProgress progress_;
    ByteSource source_;
    std::exception_ptr model_failure_;
    std::optional<ArchiveReader> reader_;
    std::optional<Decoder> decoder_;
};

}  // namespace bitlaw::coding
