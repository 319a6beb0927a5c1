#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/error.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

Bytes varint_bytes(std::uint64_t value) {
    ByteWriter writer;
    writer.varint(value);
    return writer.take();
}

// One field of every kind, in a fixed order.
Bytes every_field() {
    ByteWriter writer;
    writer.u8(0x01);
    writer.u16(0x0302);
    writer.u32(0x07060504);
    writer.u64(0x0F0E0D0C0B0A0908);
    writer.f32(1.0F);
    writer.f64(-2.0);
    writer.varint(300);
    writer.text("bits");
    const std::array<std::uint8_t, 2> raw{0xAA, 0xBB};
    writer.bytes(raw);
    return writer.take();
}

void read_every_field(ByteSpan data) {
    ByteReader reader(data, "the sample");
    (void)reader.u8();
    (void)reader.u16();
    (void)reader.u32();
    (void)reader.u64();
    (void)reader.f32();
    (void)reader.f64();
    (void)reader.varint();
    (void)reader.text(4);
    (void)reader.bytes(2);
}

}  // namespace

TEST_CASE("bytes: fields are little-endian, byte by byte") {
    const Bytes expected{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A,
                         0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x00, 0x00, 0x80, 0x3F,  // 1.0f = 0x3F800000
                         0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC0,        // -2.0 = 0xC000000000000000
                         0xAC, 0x02,                                            // 300 = 2 * 128 + 44
                         0x04, 'b',  'i',  't',  's',  0xAA, 0xBB};
    CHECK(every_field() == expected);
}

TEST_CASE("bytes: what was written is read back") {
    const Bytes data = every_field();
    ByteReader reader(data, "the sample");
    CHECK(reader.remaining() == data.size());
    CHECK(reader.u8() == 0x01);
    CHECK(reader.u16() == 0x0302);
    CHECK(reader.u32() == 0x07060504);
    CHECK(reader.u64() == 0x0F0E0D0C0B0A0908);
    CHECK(reader.f32() == 1.0F);
    CHECK(reader.f64() == -2.0);
    CHECK(reader.varint() == 300);
    CHECK(reader.text(4) == "bits");
    CHECK(reader.position() == data.size() - 2);
    const ByteSpan raw = reader.bytes(2);
    CHECK(raw[0] == 0xAA);
    CHECK(raw[1] == 0xBB);
    CHECK(reader.remaining() == 0);
}

TEST_CASE("bytes: floats keep every bit, NaN payloads and negative zero included") {
    const float odd_nan = std::bit_cast<float>(0x7FC1'2345U);
    ByteWriter writer;
    writer.f32(odd_nan);
    writer.f32(-0.0F);
    writer.f64(std::numeric_limits<double>::denorm_min());
    ByteReader reader(writer.data(), "the sample");
    CHECK(std::bit_cast<std::uint32_t>(reader.f32()) == 0x7FC1'2345U);
    CHECK(std::signbit(reader.f32()));
    CHECK(reader.f64() == std::numeric_limits<double>::denorm_min());
}

TEST_CASE("bytes: every truncation throws, and says what ended where") {
    const Bytes data = every_field();
    read_every_field(data);
    for (std::size_t length = 0; length < data.size(); ++length) {
        CAPTURE(length);
        const std::string message =
            message_of<Error>([&] { read_every_field(ByteSpan(data).first(length)); });
        CHECK(holds(message, "the sample ends too early"));
        CHECK(holds(message, "truncated"));
        CHECK_FALSE(holds(message, "\n"));
    }
}

TEST_CASE("bytes: a count near 2^64 does not wrap around") {
    const Bytes data(8, 0);
    ByteReader reader(data, "the sample");
    (void)reader.u32();
    CHECK_THROWS_AS((void)reader.bytes(std::numeric_limits<std::size_t>::max()), Error);
    CHECK(reader.position() == 4);
}

TEST_CASE("bytes: varint lengths and round trips at every power of two") {
    CHECK(varint_bytes(0).size() == 1);
    CHECK(varint_bytes(127).size() == 1);
    CHECK(varint_bytes(128).size() == 2);
    CHECK(varint_bytes(std::numeric_limits<std::uint64_t>::max()).size() == 10);
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
            const std::uint64_t value = (std::uint64_t{1} << bit) + offset;
            const Bytes data = varint_bytes(value);
            ByteReader reader(data, "the sample");
            CAPTURE(value);
            CHECK(reader.varint() == value);
            CHECK(reader.remaining() == 0);
        }
    }
}

TEST_CASE("bytes: varints that are padded or too long are refused") {
    const auto refuses = [](const Bytes& data) {
        ByteReader reader(data, "the sample");
        return holds(message_of<Error>([&] { (void)reader.varint(); }), "malformed number at byte 0");
    };
    CHECK(refuses({0x80, 0x00}));        // 0 in two bytes
    CHECK(refuses({0xFF, 0x80, 0x00}));  // 127 in three
    CHECK(refuses(Bytes(10, 0xFF)));     // bit 64 and above
    CHECK(refuses({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}));
    CHECK(refuses({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81, 0x00}));
}

TEST_CASE("bytes: a text longer than allowed is refused before it is read") {
    ByteWriter writer;
    writer.varint(std::numeric_limits<std::uint64_t>::max());
    ByteReader reader(writer.data(), "the sample");
    const std::string message = message_of<Error>([&] { (void)reader.text(100); });
    CHECK(holds(message, "18446744073709551615 bytes"));
    CHECK(holds(message, "at most 100"));
}
