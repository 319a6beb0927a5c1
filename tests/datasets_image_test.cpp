#include <doctest/doctest.h>

#include <zlib.h>

#include <cstdlib>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/datasets/image.hpp"
#include "bitlaw/datasets/manifest.hpp"
#include "support/message.hpp"
#include "support/pictures.hpp"

using namespace bitlaw;
using namespace bitlaw::datasets;
using bitlaw::test::holds;
using bitlaw::test::jpeg_file;
using bitlaw::test::message_of;
using bitlaw::test::png_file;

namespace {

Bytes noise(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    Bytes bytes(count);
    for (auto& byte : bytes) {
        byte = static_cast<std::uint8_t>(random.next());
    }
    return bytes;
}

// Slopes that a JPEG of quality 95 keeps nearly.
Bytes slopes(std::uint32_t width, std::uint32_t height, int channels) {
    Bytes samples;
    for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c) {
                samples.push_back(static_cast<std::uint8_t>(40 + x + 2 * y / (c + 1u)));
            }
        }
    }
    return samples;
}

std::string refusal(const Bytes& file) {
    return message_of<Error>([&] { (void)decode_image(file); });
}

}  // namespace

TEST_CASE("image: gray is the floor of the channels' mean, transparency is ignored") {
    const Bytes rgb{1, 1, 0, 255, 254, 255, 10, 20, 31, 0, 0, 2, 0, 0, 3, 200, 100, 0};
    const GrayImage image = decode_image(png_file(3, 2, 3, rgb));
    CHECK(image.width == 3);
    CHECK(image.height == 2);
    CHECK(image.channels == 3);
    CHECK(image.pixels == Bytes{0, 254, 20, 0, 1, 100});
    CHECK(decode_image(png_file(3, 1, 1, {7, 0, 255})).pixels == Bytes{7, 0, 255});
    // PNG stores colours beside alpha, not multiplied with it.
    CHECK(decode_image(png_file(2, 1, 4, {9, 9, 9, 255, 30, 60, 91, 255})).pixels == Bytes{9, 60});
    CHECK(decode_image(png_file(2, 1, 2, {9, 255, 30, 255})).channels == 1);
}

TEST_CASE("image: JPEG in colour and in gray") {
    for (const int channels : {1, 3}) {
        const Bytes samples = slopes(70, 40, channels);
        const GrayImage image = decode_image(jpeg_file(70, 40, channels, samples));
        REQUIRE(image.pixels.size() == 70 * 40);
        CHECK(image.channels == static_cast<std::uint32_t>(channels));
        int greatest = 0;
        for (std::size_t i = 0; i < image.pixels.size(); ++i) {
            int sum = 0;
            for (int c = 0; c < channels; ++c) {
                sum += samples[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
            }
            greatest = std::max(greatest, std::abs(image.pixels[i] - sum / channels));
        }
        // Quality 95 quantises no coefficient by more than 10, and colour at half the resolution adds its
        // share: what is far off is another picture.
        CHECK(greatest <= 8);
    }
}

TEST_CASE("image: a palette's colours, and none beyond it") {
    // 3 x 1 pixels of 2 colours, 2 bits a pixel: libpng takes a third colour for black.
    const auto file = [](std::uint8_t last, std::uint8_t bits) {
        const auto indices =
            bits == 2 ? Bytes{0, static_cast<std::uint8_t>(1U << 4 | last << 2)} : Bytes{0, 0, 1, last};
        ByteWriter writer;
        for (const int c : {0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A}) {
            writer.u8(static_cast<std::uint8_t>(c));
        }
        const auto chunk = [&](const char* name, const Bytes& body) {
            Bytes all(name, name + 4);
            all.insert(all.end(), body.begin(), body.end());
            const auto big = [&](std::uint64_t value) {
                for (int shift = 24; shift >= 0; shift -= 8) {
                    writer.u8(static_cast<std::uint8_t>(value >> shift));
                }
            };
            big(body.size());
            writer.bytes(all);
            big(::crc32(0, all.data(), static_cast<unsigned>(all.size())));
        };
        chunk("IHDR", {0, 0, 0, 3, 0, 0, 0, 1, bits, 3, 0, 0, 0});
        chunk("PLTE", {30, 60, 90, 1, 2, 6});
        chunk("tRNS", {0});
        Bytes packed(100);
        uLongf size = packed.size();
        ::compress(packed.data(), &size, indices.data(), indices.size());
        packed.resize(size);
        chunk("IDAT", packed);
        chunk("IEND", {});
        return writer.take();
    };
    for (const std::uint8_t bits : {std::uint8_t{2}, std::uint8_t{8}}) {
        const GrayImage image = decode_image(file(0, bits));
        CHECK(image.channels == 3);
        CHECK(image.pixels == Bytes{60, 3, 60});
        CHECK(holds(refusal(file(2, bits)), "colour 2 of a palette of 2"));
    }
}

TEST_CASE("image: pixels are taken as they are stored, whatever EXIF says of their orientation") {
    const Bytes plain = jpeg_file(40, 24, 1, slopes(40, 24, 1));
    // APP1 behind the start mark: TIFF, one entry, orientation 6 (turned by a quarter).
    const Bytes exif{0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                     0,    1,    1, 18, 0,   3,   0,   0,   0, 1, 0,   6,   0, 0,  0, 0, 0, 0};
    Bytes turned(plain.begin(), plain.begin() + 2);
    turned.insert(turned.end(), exif.begin(), exif.end());
    turned.insert(turned.end(), plain.begin() + 2, plain.end());
    const GrayImage image = decode_image(turned);
    CHECK(image.width == 40);
    CHECK(image.pixels == decode_image(plain).pixels);
}

TEST_CASE("image: what is not wholly sound is refused with a reason") {
    CHECK(holds(refusal({}), "empty"));
    CHECK(holds(refusal({'G', 'I', 'F', '8', '9', 'a'}), "neither a JPEG nor a PNG"));
    CHECK(holds(refusal(jpeg_file(16, 16, 4, noise(16 * 16 * 4, 1))), "neither gray nor RGB"));
    const Bytes png = png_file(20, 9, 3, noise(20 * 9 * 3, 2));
    const Bytes jpeg = jpeg_file(40, 24, 3, slopes(40, 24, 3));
    REQUIRE(refusal(png).empty());
    REQUIRE(refusal(jpeg).empty());
    std::size_t silent = 0;
    for (std::size_t count = 0; count < png.size(); ++count) {
        silent += refusal({png.begin(), png.begin() + static_cast<std::ptrdiff_t>(count)}).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
    // The last two bytes of a JPEG are its end mark; libjpeg warns when they are missing, and that counts.
    for (std::size_t count = 0; count < jpeg.size(); ++count) {
        silent += refusal({jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(count)}).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
    for (std::size_t at = 8; at < png.size(); ++at) {
        Bytes damaged = png;
        damaged[at] ^= 0x10;
        silent += refusal(damaged).empty() ? 1 : 0;
    }
    CHECK(silent == 0);
    // A JPEG has no checksum: damage may give another picture, but never a crash or too many pixels.
    for (std::size_t at = 2; at < jpeg.size(); ++at) {
        Bytes damaged = jpeg;
        damaged[at] ^= 0xFF;
        (void)refusal(damaged);
    }
}

TEST_CASE("image: patches go row by row, do not overlap and leave the margin out") {
    constexpr std::uint32_t kWidth = 2 * kPatchColumns + 7;
    constexpr std::uint32_t kHeight = 3 * kPatchRows + 31;
    const GrayImage image{kWidth, kHeight, 1, noise(std::size_t{kWidth} * kHeight, 3)};
    Bytes all;
    CHECK(cut_patches(image, [&](ByteSpan patch) { all.insert(all.end(), patch.begin(), patch.end()); }) ==
          6);
    REQUIRE(all.size() == 6 * kChunkBytes);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t patch = i / kChunkBytes;
        const std::size_t y = patch / 2 * kPatchRows + i % kChunkBytes / kPatchColumns;
        const std::size_t x = patch % 2 * kPatchColumns + i % kPatchColumns;
        wrong += all[i] == image.pixels[y * kWidth + x] ? 0 : 1;
    }
    CHECK(wrong == 0);
    const auto none = [](ByteSpan) { FAIL("there is no whole patch"); };
    CHECK(cut_patches({kPatchColumns - 1, 100, 1, Bytes((kPatchColumns - 1) * 100)}, none) == 0);
    CHECK(cut_patches({100, kPatchRows - 1, 1, Bytes(100 * (kPatchRows - 1))}, none) == 0);
}
