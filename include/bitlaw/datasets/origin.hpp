#pragma once
/// \file Whether a model has read the bytes that it is measured on.

#include <cstdint>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::datasets {

enum class Origin {
    unknown,    ///< the model has no record of its training
    in_sample,  ///< the model has read some of the bytes
    held_out,   ///< no range that the model was trained on is among the bytes, by hash
};
/// "unknown", "in-sample" or "held-out (by hash)".
[[nodiscard]] const char* origin_name(Origin origin);

/// Compares the bytes begin .. end-1 of `file` with the record: in-sample when a training range lies in the
/// same place of the file with the same hash and overlaps them, or when one equals them, wherever it lay. A
/// file that was cut out of a training range cannot be told by the record's hashes and counts as held-out:
/// name ranges of the training file itself.
[[nodiscard]] Origin origin_of(const model::TrainingRecord& record, ByteSpan file, std::uint64_t begin,
                               std::uint64_t end);

}  // namespace bitlaw::datasets
