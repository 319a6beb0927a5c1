#include "bitlaw/coding/stack.hpp"

#include "bitlaw/base/error.hpp"

namespace bitlaw::coding {

namespace {

void put_bytes(ByteWriter& writer, ByteSpan bytes) {
    writer.varint(bytes.size());
    writer.bytes(bytes);
}

Bytes get_bytes(ByteReader& reader, const char* what, std::uint64_t max) {
    const std::uint64_t count = reader.varint();
    if (count > max) {
        fail(what, " has ", count, " bytes, but at most ", max, " are possible");
    }
    const ByteSpan bytes = reader.bytes(static_cast<std::size_t>(count));
    return {bytes.begin(), bytes.end()};
}

void put_part(ByteWriter& writer, const StackPart& part) {
    writer.varint(part.id);
    if (part.id != 0) {
        put_bytes(writer, part.settings);
    }
}

StackPart get_part(ByteReader& reader, const char* what) {
    StackPart part;
    part.id = reader.varint();
    if (part.id != 0) {
        part.settings = get_bytes(reader, what, kMaxSettingsBytes);
    }
    return part;
}

}  // namespace

Bytes encode_stack(const Stack& stack) {
    BITLAW_ASSERT(stack.spec.size() <= kMaxSpecBytes && stack.mixer.settings.size() <= kMaxSettingsBytes &&
                  stack.recipe.settings.size() <= kMaxSettingsBytes);
    ByteWriter writer;
    writer.u8(static_cast<std::uint8_t>(stack.source));
    if (stack.source == NetworkSource::seed) {
        put_bytes(writer, stack.spec);
        writer.u64(stack.seed);
    }
    put_part(writer, stack.mixer);
    put_part(writer, stack.recipe);
    return writer.take();
}

Stack decode_stack(ByteSpan bytes) {
    ByteReader reader(bytes, "the stack's description");
    Stack stack;
    const std::uint8_t source = reader.u8();
    if (source > static_cast<std::uint8_t>(NetworkSource::seed)) {
        fail("the stack's network comes from ", int{source}, ", which is no source");
    }
    stack.source = static_cast<NetworkSource>(source);
    if (stack.source == NetworkSource::seed) {
        stack.spec = get_bytes(reader, "the network's spec", kMaxSpecBytes);
        stack.seed = reader.u64();
    }
    stack.mixer = get_part(reader, "the mixer's description");
    stack.recipe = get_part(reader, "the recipe");
    if (reader.remaining() != 0) {
        fail("the stack's description has ", reader.remaining(), " bytes too many");
    }
    return stack;
}

}  // namespace bitlaw::coding
