#pragma once
/// \file What can be restored of a damaged archive: every block that is whole, with gaps for the others.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/progress.hpp"
#include "bitlaw/coding/restore.hpp"
#include "bitlaw/coding/stream.hpp"

namespace bitlaw::coding {

/// How it is known how long a gap is.
enum class GapLength {
    exact,    ///< by the archive's index, or by what lies around the gap
    likely,   ///< by a damaged block's own header, or because the blocks beside it have that length
    unknown,  ///< the gap takes no room in what is written, and what follows it stands too early
};

/// Bytes of the result that were restored, or that are missing: zeros stand for them.
struct RecoveredPart {
    bool missing = false;
    std::uint64_t begin = 0;  ///< in the result
    std::uint64_t bytes = 0;
    GapLength length = GapLength::exact;
    std::uint64_t archive = 0;      ///< counted from 0: of several that follow each other
    std::uint64_t first_block = 0;  ///< of that archive
    std::uint64_t blocks = 0;       ///< 0: not known how many
    std::string why = {};           ///< it is missing
};

struct Recovery {
    std::vector<RecoveredPart> parts;  ///< in order, without holes between them
    std::uint64_t restored_bytes = 0;
    std::uint64_t missing_bytes = 0;  ///< of gaps whose length is known
    std::uint64_t archives = 0;
    std::uint64_t foreign_bytes = 0;  ///< between archives, in front of them or behind: of no archive
    /// Nothing is missing, and nothing foreign stands where an archive may have been.
    [[nodiscard]] bool complete() const;
};

/// Finds the blocks of the archives in `file` by their indexes, by each other's lengths and by searching,
/// restores those that are whole, and gives them to the sink with zeros in the gaps. Blocks of a chained
/// method are restored up to the first of their chain that is missing. An archive whose header is damaged is
/// read as one of `stand_in` (null: none): the model that made it. Never throws for damage; Error when there
/// is nothing of an archive in the file, or whatever sink and progress throw.
[[nodiscard]] Recovery recover(const ModelFinder& find, const model::StoredModel* stand_in, ByteSpan file,
                               const ByteSink& sink, const CodecProgress& progress);

}  // namespace bitlaw::coding
