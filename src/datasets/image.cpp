#include "bitlaw/datasets/image.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/datasets/manifest.hpp"

namespace bitlaw::datasets {
namespace {

constexpr std::array<std::uint8_t, 3> kJpegMagic{0xFF, 0xD8, 0xFF};
constexpr std::array<std::uint8_t, 8> kPngMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

template <std::size_t N>
bool starts_with(ByteSpan file, const std::array<std::uint8_t, N>& magic) {
    return file.size() >= N && std::equal(magic.begin(), magic.end(), file.begin());
}

}  // namespace

GrayImage decode_image(ByteSpan file) {
    if (starts_with(file, kJpegMagic)) {
        return decode_jpeg(file);
    }
    if (starts_with(file, kPngMagic)) {
        return decode_png(file);
    }
    fail(file.empty() ? "the file is empty" : "neither a JPEG nor a PNG by its first bytes");
}

std::uint64_t cut_patches(const GrayImage& image, const std::function<void(ByteSpan)>& take) {
    Bytes patch(kChunkBytes);
    std::uint64_t count = 0;
    for (std::uint32_t top = 0; top + kPatchRows <= image.height; top += kPatchRows) {
        for (std::uint32_t left = 0; left + kPatchColumns <= image.width; left += kPatchColumns) {
            for (std::uint32_t row = 0; row < kPatchRows; ++row) {
                const auto from = image.pixels.begin() +
                                  static_cast<std::ptrdiff_t>(std::size_t{top + row} * image.width + left);
                std::copy_n(from, kPatchColumns,
                            patch.begin() + static_cast<std::ptrdiff_t>(row * kPatchColumns));
            }
            take(patch);
            ++count;
        }
    }
    return count;
}

std::string image_decoders() { return jpeg_version() + ", " + png_version(); }

}  // namespace bitlaw::datasets
