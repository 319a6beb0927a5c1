#pragma once
/// \file The blocks of one archive, decoded in order with the archive's model.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitlaw/coding/archive_reader.hpp"
#include "bitlaw/coding/method_table.hpp"
#include "bitlaw/coding/model_finder.hpp"
#include "bitlaw/coding/progress.hpp"
#include "bitlaw/model/packed_model.hpp"
#include "method_chain.hpp"

namespace bitlaw::coding {

/// The model that an archive needs: the embedded one, or the finder's when the first block asks for it.
class ArchiveModel {
   public:
    /// Reads the embedded model, which must stand next in the reader. Throws Error when it is damaged.
    ArchiveModel(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice);
    [[nodiscard]] const model::StoredModel& stored();
    [[nodiscard]] const model::PackedModel& packed();
    [[nodiscard]] const Stack& stack() const { return stack_; }

   private:
    [[nodiscard]] const model::StoredModel& source();
    void check_id(const model::StoredModel& model, const char* advice) const;

    const ModelFinder& find_;
    ArchiveReader& reader_;
    const ModelNotice& notice_;
    Stack stack_;
    std::optional<model::StoredModel> embedded_;  // or drawn from the stack's seed
    const model::StoredModel* stored_ = nullptr;
    std::optional<model::PackedModel> packed_;
};

/// Reads the next block's header and has its method look at it. False at the end.
[[nodiscard]] bool next_block(ArchiveReader& reader, std::span<const Method> table, BlockHeader& header);

/// Decodes the blocks of one archive, in order.
class Decoder {
   public:
    /// All that is handed over must outlive the decoder.
    Decoder(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice,
            std::span<const Method> table, const CodecProgress& progress);

    [[nodiscard]] const MethodChain& chain() const { return chain_; }

    /// The plain bytes of the next block, which begins at byte `position` of the archive's, their hash
    /// verified; nothing at the end. `plain_before`: for the progress.
    std::optional<Bytes> next(BlockHeader& header, std::uint64_t position, std::uint64_t plain_before);

   private:
    ArchiveReader& reader_;
    std::span<const Method> table_;
    const CodecProgress& progress_;
    ArchiveModel model_;
    MethodChain chain_;
};

}  // namespace bitlaw::coding
