#pragma once
/// \file Whether a model has read the bytes that it is measured on.

#include <cstdint>
#include <optional>
#include <string>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::datasets {

enum class Origin {
    unknown,    ///< the model holds no sample of what it has read, and no hash of its record finds the bytes
    too_short,  ///< too few bytes for the sample to tell
    seen,       ///< the model has read the bytes, or a part of them
    held_out,   ///< the sample holds none of them, or no more than texts of a kind share
};

/// What can be said of the bytes, and what share of them the model has read.
struct OriginFound {
    Origin origin = Origin::unknown;
    std::optional<double> seen_share = {};  ///< none where it is not known
};

/// "unknown", "too short to tell", "seen", "held-out", as tables have it; "held-out" is said only of data
/// that were tested by their content.
[[nodiscard]] const char* origin_name(Origin origin);
/// The origin of that name; unknown for any other, such as those of earlier versions.
[[nodiscard]] Origin origin_named(const std::string& name);
/// "seen, 96 %", "held-out, 0 % seen": with the share where it is known.
[[nodiscard]] std::string origin_text(const OriginFound& found);

/// Compares the bytes begin .. end-1 of `file` with the record: seen when a training range lies in the same
/// place of the file with the same hash and overlaps them, or when one equals them, wherever it lay, or when
/// the sample of the training data's content finds them (SeenShare::is_seen). A copy of any part is found by
/// its content, from 100,000 bytes on.
[[nodiscard]] OriginFound origin_of(const model::TrainingRecord& record, ByteSpan file, std::uint64_t begin,
                                    std::uint64_t end);

}  // namespace bitlaw::datasets
