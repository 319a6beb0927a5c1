#pragma once
/// \file What kind of data a block holds: which experts speak, and how records and rows lie.

#include <cstdint>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::predict {

/// The numbers are part of the archive's format and never change.
enum class DataKind : std::uint8_t {
    text = 0,           ///< words, lines and tags
    records = 1,        ///< binary data, in records of `width` bytes
    bytes = 2,          ///< samples of 8 bits: pixels in rows of `width`, or sound if it is below 8
    shorts = 3,         ///< samples of 16 bits, unsigned: pixels or sound
    signed_shorts = 4,  ///< samples of 16 bits, signed
};

struct DataForm {
    DataKind kind = DataKind::text;
    std::uint32_t width = 0;   ///< samples of a row (bytes, shorts), bytes of a record; at most kMaxWidth
    bool lower_first = false;  ///< of shorts the lower byte stands first
    bool operator==(const DataForm&) const = default;
};

inline constexpr std::uint32_t kMaxWidth = 1U << 16;

/// Throws Error naming what is out of range.
void validate(const DataForm& form);
/// `u8` kind, plus 128 when the lower byte stands first; `varint` width, not for text. Read validates.
[[nodiscard]] Bytes encode_form(const DataForm& form);
[[nodiscard]] DataForm decode_form(ByteSpan header);

/// Makes the upper byte of shorts stand first, or undoes it: each pair of bytes changes places. The last byte
/// of an odd number stays. Does nothing for other forms.
void swap_pairs(const DataForm& form, std::span<std::uint8_t> bytes);

}  // namespace bitlaw::predict
