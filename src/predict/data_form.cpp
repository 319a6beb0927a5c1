#include "bitlaw/predict/data_form.hpp"

#include <algorithm>
#include <utility>

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {
namespace {

constexpr std::uint8_t kLowerFirst = 128;

}  // namespace

void validate(const DataForm& form) {
    if (form.kind > DataKind::signed_shorts) {
        fail("kind of data ", int{static_cast<std::uint8_t>(form.kind)}, " is unknown; use a newer bitlaw");
    }
    if (form.width > kMaxWidth || (form.kind == DataKind::records && form.width == 0)) {
        fail("a row or record of ", form.width, " is out of range");
    }
    if (form.lower_first && form.kind < DataKind::shorts) {
        fail("only samples of 16 bits have a lower byte");
    }
}

Bytes encode_form(const DataForm& form) {
    ByteWriter writer;
    writer.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(form.kind) +
                                        (form.lower_first ? kLowerFirst : 0)));
    if (form.kind != DataKind::text) {
        writer.varint(form.width);
    }
    return writer.take();
}

DataForm decode_form(ByteSpan header) {
    ByteReader reader(header, "a block's form");
    const std::uint8_t kind = reader.u8();
    DataForm form{
        .kind = static_cast<DataKind>(kind % kLowerFirst), .width = 0, .lower_first = kind >= kLowerFirst};
    if (form.kind != DataKind::text) {
        const std::uint64_t width = reader.varint();
        form.width = static_cast<std::uint32_t>(std::min<std::uint64_t>(width, kMaxWidth + 1));
    }
    if (reader.remaining() != 0) {
        fail("a block's form has ", reader.remaining(), " bytes too many");
    }
    validate(form);
    return form;
}

void swap_pairs(const DataForm& form, std::span<std::uint8_t> bytes) {
    if (!form.lower_first) {
        return;
    }
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::swap(bytes[i], bytes[i + 1]);
    }
}

}  // namespace bitlaw::predict
